//! What a pipeline consists of: a box for each area, with how many resources
//! of each type are in it, and who refers to whom.

use super::html::escape;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What is drawn: areas in columns, and how many references go from one to
/// another.
#[derive(Debug)]
pub struct Architecture {
    title: String,
    columns: Vec<Vec<Area>>,
    references: BTreeMap<(String, String), usize>,
}

#[derive(Debug, Default)]
struct Area {
    name: String,
    /// By type, the logical ids.
    types: BTreeMap<String, Vec<String>>,
}

impl Area {
    fn count(&self) -> usize {
        self.types.values().map(Vec::len).sum()
    }

    /// `6 Lambda::Function`, the most first.
    fn lines(&self) -> Vec<(String, String)> {
        let mut types: Vec<(&String, &Vec<String>)> = self.types.iter().collect();
        types.sort_by_key(|(name, ids)| (std::cmp::Reverse(ids.len()), *name));
        types
            .into_iter()
            .map(|(name, ids)| {
                let name = name.strip_prefix("AWS::").unwrap_or(name);
                (format!("{} {name}", ids.len()), ids.join(", "))
            })
            .collect()
    }
}

impl Architecture {
    pub fn new(title: &str, columns: &[&[&str]]) -> Self {
        let area = |name: &&str| Area {
            name: (*name).to_owned(),
            ..Area::default()
        };
        Self {
            title: title.to_owned(),
            columns: columns
                .iter()
                .map(|names| names.iter().map(area).collect())
                .collect(),
            references: BTreeMap::new(),
        }
    }

    /// One resource. An area that has no place gets one in the last column.
    pub fn add(&mut self, area: &str, id: &str, type_name: &str) {
        let known = self.columns.iter().flatten().any(|one| one.name == area);
        if !known && let Some(last) = self.columns.last_mut() {
            last.push(Area {
                name: area.to_owned(),
                ..Area::default()
            });
        }
        let mut areas = self.columns.iter_mut().flatten();
        if let Some(place) = areas.find(|one| one.name == area) {
            let ids = place.types.entry(type_name.to_owned()).or_default();
            ids.push(id.to_owned());
        }
    }

    /// One reference; within an area there is nothing to draw.
    pub fn connect(&mut self, from: &str, to: &str) {
        if from != to {
            let key = (from.to_owned(), to.to_owned());
            *self.references.entry(key).or_default() += 1;
        }
    }

    /// What has resources.
    fn areas(&self) -> impl Iterator<Item = &Area> {
        let areas = self.columns.iter().flatten();
        areas.filter(|area| !area.types.is_empty())
    }
}

/// A flowchart for Mermaid, which READMEs of many hosts draw.
pub fn mermaid(drawn: &Architecture) -> String {
    let mut out = "flowchart LR\n".to_owned();
    for area in drawn.areas() {
        let lines: Vec<String> = area.lines().into_iter().map(|(line, _)| line).collect();
        _ = writeln!(
            out,
            "  {0}[\"<b>{0}</b> ({1})<br/>{2}\"]",
            area.name,
            area.count(),
            lines.join("<br/>")
        );
    }
    for ((from, to), count) in &drawn.references {
        _ = writeln!(out, "  {from} -->|{count}| {to}");
    }
    out
}

const BOX: f64 = 240.0;
const GAP: f64 = 110.0;
const LEFT: f64 = 24.0;
const TOP: f64 = 70.0;
const HEAD: f64 = 30.0;
const LINE: f64 = 17.0;
const BETWEEN: f64 = 26.0;

const STYLE: &str = "\
svg{--ground:#fff;--text:#1b1f24;--box:#f6f8fa;--edge:#d0d7de;--head:#0969da;--line:#57606a;\
font:12px system-ui,sans-serif;background:var(--ground)}\
@media(prefers-color-scheme:dark){svg{--ground:#0d1117;--text:#e6edf3;--box:#161b22;--edge:#30363d;\
--head:#58a6ff;--line:#8b949e}}\
text{fill:var(--text)}.title{font-size:16px;font-weight:600}.name{font-size:14px;font-weight:600;fill:var(--head)}\
.box{fill:var(--box);stroke:var(--edge)}.ref{fill:none;stroke:var(--line);opacity:.45}.ref:hover{opacity:1}\
.arrow{fill:var(--line)}";

struct Place<'a> {
    area: &'a Area,
    column: usize,
    x: f64,
    y: f64,
    height: f64,
}

/// A picture that follows the reader's light or dark setting.
pub fn svg(drawn: &Architecture) -> String {
    let places = places(drawn);
    let bottom = places
        .iter()
        .map(|place| place.y + place.height)
        .fold(TOP, f64::max);
    let columns = drawn.columns.len() as f64;
    // With room for what goes around the last column.
    let width = LEFT + columns * (BOX + GAP) - GAP / 2.0;
    let height = bottom + 30.0;
    let total: usize = drawn.areas().map(Area::count).sum();
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{0}\">\n\
         <style>{STYLE}</style>\n\
         <defs><marker id=\"to\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto\" markerUnits=\"userSpaceOnUse\"><path class=\"arrow\" d=\"M0,0 8,4 0,8z\"/></marker></defs>\n\
         <text class=\"title\" x=\"{LEFT}\" y=\"28\">{0}</text>\n\
         <text x=\"{LEFT}\" y=\"48\">{total} resources; an arrow goes to what is referred to, \
         the thicker the more often</text>\n",
        escape(&drawn.title)
    );
    for ((from, to), count) in &drawn.references {
        let find = |name: &str| places.iter().find(|place| place.area.name == name);
        if let (Some(from), Some(to)) = (find(from), find(to)) {
            reference(&mut out, from, to, *count);
        }
    }
    for place in &places {
        area_box(&mut out, place);
    }
    out.push_str("</svg>\n");
    out
}

/// Columns side by side, each in the middle of the height.
fn places(drawn: &Architecture) -> Vec<Place<'_>> {
    let height = |area: &Area| HEAD + LINE * area.types.len() as f64 + 8.0;
    let filled: Vec<Vec<&Area>> = drawn
        .columns
        .iter()
        .map(|column| column.iter().filter(|a| !a.types.is_empty()).collect())
        .collect();
    let whole = |column: &[&Area]| {
        let heights: f64 = column.iter().map(|area| height(area)).sum();
        heights + BETWEEN * column.len().saturating_sub(1) as f64
    };
    let tallest = filled
        .iter()
        .map(|column| whole(column))
        .fold(0.0, f64::max);
    let mut places = Vec::new();
    for (number, column) in filled.iter().enumerate() {
        let mut y = TOP + (tallest - whole(column)) / 2.0;
        for area in column {
            places.push(Place {
                area,
                column: number,
                x: LEFT + number as f64 * (BOX + GAP),
                y,
                height: height(area),
            });
            y += height(area) + BETWEEN;
        }
    }
    places
}

fn area_box(out: &mut String, place: &Place<'_>) {
    let Place {
        area, x, y, height, ..
    } = place;
    _ = writeln!(
        out,
        "<rect class=\"box\" x=\"{x}\" y=\"{y:.1}\" width=\"{BOX}\" height=\"{height:.1}\" rx=\"6\"/>\
         <text class=\"name\" x=\"{0}\" y=\"{1:.1}\">{2} ({3})</text>",
        x + 12.0,
        y + 20.0,
        escape(&area.name),
        area.count()
    );
    for (number, (line, ids)) in area.lines().into_iter().enumerate() {
        _ = writeln!(
            out,
            "<text x=\"{0}\" y=\"{1:.1}\">{2}<title>{3}</title></text>",
            x + 12.0,
            y + HEAD + LINE * number as f64 + 12.0,
            escape(&line),
            escape(&ids)
        );
    }
}

/// From side to side; within a column around the right of it.
fn reference(out: &mut String, from: &Place<'_>, to: &Place<'_>, count: usize) {
    let middle = |place: &Place<'_>| place.y + place.height / 2.0;
    let (a, b) = (middle(from), middle(to));
    let (x1, x2, bend1, bend2) = match from.column.cmp(&to.column) {
        std::cmp::Ordering::Less => (from.x + BOX, to.x, GAP / 2.0, -GAP / 2.0),
        std::cmp::Ordering::Greater => (from.x, to.x + BOX, -GAP / 2.0, GAP / 2.0),
        std::cmp::Ordering::Equal => (from.x + BOX, to.x + BOX, GAP / 2.5, GAP / 2.5),
    };
    let thick = (1.0 + (count as f64).ln()).min(4.0);
    _ = writeln!(
        out,
        "<path class=\"ref\" stroke-width=\"{thick:.1}\" marker-end=\"url(#to)\" \
         d=\"M{x1:.1},{a:.1} C{0:.1},{a:.1} {1:.1},{b:.1} {x2:.1},{b:.1}\">\
         <title>{2} to {3}: {count}</title></path>",
        x1 + bend1,
        x2 + bend2,
        escape(&from.area.name),
        escape(&to.area.name)
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn() -> Architecture {
        let mut drawn = Architecture::new("documents & more", &[&["api"], &["storage", "empty"]]);
        drawn.add("api", "RestApi", "AWS::ApiGateway::RestApi");
        drawn.add("storage", "RawBucket", "AWS::S3::Bucket");
        drawn.add("storage", "LogsBucket", "AWS::S3::Bucket");
        drawn.add("storage", "RawPolicy", "AWS::S3::BucketPolicy");
        drawn.add("later", "Thing", "AWS::New::Thing");
        drawn.connect("api", "storage");
        drawn.connect("api", "storage");
        drawn.connect("api", "api");
        drawn
    }

    #[test]
    fn mermaid_has_a_node_for_each_area_that_has_resources_and_an_arrow_for_each_pair() {
        assert_eq!(
            mermaid(&drawn()),
            "flowchart LR\n\
             \u{20} api[\"<b>api</b> (1)<br/>1 ApiGateway::RestApi\"]\n\
             \u{20} storage[\"<b>storage</b> (3)<br/>2 S3::Bucket<br/>1 S3::BucketPolicy\"]\n\
             \u{20} later[\"<b>later</b> (1)<br/>1 New::Thing\"]\n\
             \u{20} api -->|2| storage\n"
        );
    }

    #[test]
    fn the_picture_has_every_resource_and_no_boxes_that_overlap() {
        let drawn = drawn();
        let svg = svg(&drawn);
        assert!(svg.contains("documents &amp; more") && svg.contains("5 resources"));
        assert!(svg.contains("RawBucket, LogsBucket") && svg.contains("api to storage: 2"));
        assert!(!svg.contains("empty"));
        let places = places(&drawn);
        for (number, one) in places.iter().enumerate() {
            for other in &places[number + 1..] {
                let apart = one.column != other.column
                    || one.y + one.height <= other.y
                    || other.y + other.height <= one.y;
                assert!(apart, "{} and {}", one.area.name, other.area.name);
            }
        }
    }
}
