//! SigV4's credential scope: the one thing in every signed request that says
//! which service and region it is meant for, whatever its address.

use hyper::HeaderMap;

use super::request::{find, header};

/// What a request was signed for.
#[derive(Clone, Debug, PartialEq)]
pub struct Scope {
    /// Whose key it was signed with.
    pub access_key: String,
    pub region: String,
    pub service: String,
}

/// Where SigV4 puts its credential scope: the Authorization header, the query
/// of a presigned URL, or a field of a form that a browser posts.
pub fn of(headers: &HeaderMap, query: &[(String, String)], body: &[u8]) -> Option<Scope> {
    let authorization = header(headers, "authorization");
    if let Some((_, rest)) = authorization.split_once("Credential=") {
        return parse(rest.split([',', ' ']).next()?);
    }
    if let Some(credential) = find(query, "X-Amz-Credential") {
        return parse(credential);
    }
    if header(headers, "content-type").starts_with("multipart/form-data") {
        return parse(&form_field(body, "x-amz-credential")?);
    }
    None
}

/// `AKID/20260102/us-east-1/s3/aws4_request`; keys may themselves contain slashes.
fn parse(credential: &str) -> Option<Scope> {
    let parts: Vec<&str> = credential.split('/').collect();
    let [key @ .., _date, region, service, "aws4_request"] = parts.as_slice() else {
        return None;
    };
    let service = match *service {
        "s3express" | "s3-outposts" => "s3",
        service => service,
    };
    Some(Scope {
        access_key: key.join("/"),
        region: (*region).to_owned(),
        service: service.to_owned(),
    })
}

/// A field of a `multipart/form-data` body, found by name whatever its case.
fn form_field(body: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let start = text
        .to_ascii_lowercase()
        .find(&format!("name=\"{name}\""))?;
    // A lossy copy keeps the position: lower-casing ASCII changes no length.
    let (_, rest) = text.get(start..)?.split_once("\r\n\r\n")?;
    Some(rest.split("\r\n").next()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(
            hyper::header::HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )])
    }

    #[test]
    fn the_scope_is_found_in_the_header_the_query_and_the_posted_form() {
        let credential = "test/20260102/eu-west-1/s3/aws4_request";
        let form = format!(
            "--x\r\nContent-Disposition: form-data; name=\"X-Amz-Credential\"\r\n\r\n{credential}\r\n--x--"
        );
        let authorization = "AWS4-HMAC-SHA256 Credential=test/20260102/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=0";
        let expected = Scope {
            access_key: "test".to_owned(),
            region: "eu-west-1".to_owned(),
            service: "s3".to_owned(),
        };
        let found = [
            of(&headers("authorization", authorization), &[], b""),
            of(
                &HeaderMap::new(),
                &[("X-Amz-Credential".to_owned(), credential.to_owned())],
                b"",
            ),
            of(
                &headers("content-type", "multipart/form-data; boundary=x"),
                &[],
                form.as_bytes(),
            ),
        ];
        assert_eq!(
            found,
            [
                Some(expected.clone()),
                Some(expected.clone()),
                Some(expected)
            ]
        );
        assert_eq!(of(&HeaderMap::new(), &[], b""), None);
    }
}
