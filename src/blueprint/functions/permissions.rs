//! Whom a function's policy admits: the pipeline's permissions and nobody
//! else. A tag of the function names them, so that what somebody adds is seen
//! as drift (`AWS::Lambda::Function` in `src/aws`). Derived from the template
//! after the overrides, as each permission is declared beside what it admits.

use crate::engine::template::Template;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const TAG: &str = "tap:permissions";

pub(in crate::blueprint) fn name(template: &mut Template) {
    let mut named: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (id, resource) in &template.resources {
        if resource.type_name == "AWS::Lambda::Permission"
            && let Some(function) = function(&resource.properties["FunctionName"])
        {
            named.entry(function).or_default().push(id.clone());
        }
    }
    let functions = template.resources.iter_mut();
    for (id, function) in functions.filter(|(_, one)| one.type_name == "AWS::Lambda::Function") {
        let ids = named.remove(id).unwrap_or_default().join(" ");
        let Some(Value::Array(tags)) = function.properties.get_mut("Tags") else {
            continue;
        };
        tags.retain(|tag| tag["Key"] != TAG);
        tags.push(json!({ "Key": TAG, "Value": ids }));
        tags.sort_by(|one, other| one["Key"].as_str().cmp(&other["Key"].as_str()));
    }
}

/// The function that `FunctionName` means.
fn function(name: &Value) -> Option<String> {
    let id = name.get("Ref").or_else(|| name.get("Fn::GetAtt")?.get(0));
    id.and_then(Value::as_str).map(ToOwned::to_owned)
}
