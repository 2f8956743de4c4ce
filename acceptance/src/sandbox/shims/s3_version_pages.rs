//! Whoever empties a bucket lists versions page by page and deletes each page
//! before asking for the next. S3 goes on where the last page ended, although
//! the version that the marker names is gone by then. ministack looks for that
//! version, does not find it, and skips the rest of its key; and in a bucket
//! without versioning it gives the same page for ever.
//!
//! So the emulator is asked for the whole list, and the pages are cut here. A
//! marker that was given out is remembered with the versions that follow it
//! under the same key.

use std::collections::BTreeMap;
use std::sync::Mutex;

use hyper::Method;

use super::backend::Backend;
use crate::sandbox::reply::{self, Reply, element, escape};
use crate::sandbox::request::find;

pub const NAME: &str = "s3_version_pages";

const LARGEST_PAGE: usize = 1000;

/// Bucket, key and version of a marker, and the versions of that key after it.
#[derive(Default)]
pub struct Markers(Mutex<BTreeMap<(String, String, String), Vec<String>>>);

/// A version, a delete marker or a common prefix, with its XML.
#[derive(Clone, Debug, PartialEq)]
struct Item {
    key: String,
    version: String,
    xml: String,
}

impl Markers {
    pub async fn answer(&self, backend: &Backend<'_>) -> Option<Reply> {
        let call = backend.call;
        if !call.is("s3", &["ListObjectVersions"]) {
            return None;
        }
        let asked = |name: &str| find(&call.query, name).unwrap_or_default();
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("prefix", asked("prefix")),
                ("delimiter", asked("delimiter")),
                ("max-keys", "1000000"),
            ])
            .finish();
        let whole = backend
            .s3(
                Method::GET,
                &format!("/{}?versions&{query}", call.bucket()),
                "",
            )
            .await;
        if !whole.status().is_success() {
            return Some(whole);
        }
        let (key, version) = (asked("key-marker"), asked("version-id-marker"));
        let size = find(&call.query, "max-keys")
            .and_then(|text| text.parse().ok())
            .unwrap_or(LARGEST_PAGE)
            .min(LARGEST_PAGE);
        let rest = self.after(call.bucket(), key, version);
        let left: Vec<Item> = items(&String::from_utf8_lossy(whole.body()))
            .into_iter()
            .filter(|item| follows(item, key, &rest))
            .collect();
        let (page, beyond) = left.split_at(size.min(left.len()));
        let next = page.last().filter(|_| !beyond.is_empty());
        if let Some(last) = next {
            let rest = beyond
                .iter()
                .take_while(|item| item.key == last.key)
                .map(|item| item.version.clone())
                .collect();
            super::lock(&self.0).insert(
                (
                    call.bucket().to_owned(),
                    last.key.clone(),
                    last.version.clone(),
                ),
                rest,
            );
        }
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListVersionsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>{}</Name><Prefix>{}</Prefix><KeyMarker>{}</KeyMarker><VersionIdMarker>{}</VersionIdMarker><MaxKeys>{size}</MaxKeys><IsTruncated>{}</IsTruncated>",
            call.bucket(),
            escape(asked("prefix")),
            escape(key),
            escape(version),
            next.is_some()
        );
        if let Some(last) = next {
            xml += &format!(
                "<NextKeyMarker>{}</NextKeyMarker><NextVersionIdMarker>{}</NextVersionIdMarker>",
                escape(&last.key),
                last.version
            );
        }
        xml.extend(page.iter().map(|item| item.xml.as_str()));
        Some(reply::with_body(whole, xml + "</ListVersionsResult>"))
    }

    fn after(&self, bucket: &str, key: &str, version: &str) -> Vec<String> {
        super::lock(&self.0)
            .get(&(bucket.to_owned(), key.to_owned(), version.to_owned()))
            .cloned()
            .unwrap_or_default()
    }

    pub fn reset(&self) {
        super::lock(&self.0).clear();
    }
}

/// Whether an item comes after a marker that ends within a key.
fn follows(item: &Item, key: &str, rest: &[String]) -> bool {
    item.key.as_str() > key || item.key == key && rest.contains(&item.version)
}

fn items(xml: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut rest = xml;
    while let Some((start, name)) = ["Version", "DeleteMarker", "CommonPrefixes"]
        .iter()
        .filter_map(|name| Some((rest.find(&format!("<{name}>"))?, *name)))
        .min()
    {
        let Some(end) = rest
            .get(start..)
            .and_then(|text| text.find(&format!("</{name}>")))
        else {
            break;
        };
        let end = start + end + name.len() + 3;
        let text = rest.get(start..end).unwrap_or_default();
        let key = element(text, "Key")
            .or_else(|| element(text, "Prefix"))
            .unwrap_or_default();
        items.push(Item {
            key: super::unescape(key),
            version: element(text, "VersionId").unwrap_or_default().to_owned(),
            xml: text.to_owned(),
        });
        rest = rest.get(end..).unwrap_or_default();
    }
    items.sort_by(|one, other| one.key.cmp(&other.key));
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_in_the_order_of_their_keys_and_keep_that_of_their_versions() {
        let xml = "<R><Version><Key>b</Key><VersionId>2</VersionId></Version><DeleteMarker><Key>a&amp;c</Key><VersionId>9</VersionId></DeleteMarker><Version><Key>b</Key><VersionId>1</VersionId></Version></R>";
        let found: Vec<(String, String)> = items(xml)
            .into_iter()
            .map(|item| (item.key, item.version))
            .collect();
        let expected = [("a&c", "9"), ("b", "2"), ("b", "1")]
            .map(|(key, version)| (key.to_owned(), version.to_owned()));
        assert_eq!(found, expected);
    }
}
