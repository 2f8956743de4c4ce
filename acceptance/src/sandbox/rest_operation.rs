//! What the operations of the services are called that are asked by method and
//! path (API Gateway, Lambda, GuardDuty, X-Ray): `PUT
//! /restapis/{restapi_id}/stages/{stage_name}` says nothing to a reader of the
//! record, and AWS counts, limits and permits by name.
//!
//! The names come from botocore's service models, which are in the emulators'
//! environment anyway. Reading them takes a third of a second, so the answer is
//! kept beside the environment's stamp, with the script that gave it: another
//! script or another environment asks anew.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use hyper::Method;
use serde::{Deserialize, Serialize};

const SCRIPT: &str = include_str!("../../scripts/operations.py");
const CACHE: &str = "sandbox-operations.json";

/// The operations of all services, by signing name.
#[derive(Default)]
pub struct Operations(BTreeMap<String, Vec<Operation>>);

/// What a request asks for.
#[derive(Debug, PartialEq)]
pub struct Named {
    pub operation: String,
    /// The values of the labels of its path, in their order.
    pub labels: Vec<String>,
}

struct Operation {
    name: String,
    method: Method,
    path: Vec<Segment>,
    /// Parameters of the query that are part of the name: `?mode=import`.
    query: Vec<(String, String)>,
}

enum Segment {
    Literal(String),
    Label,
}

type Table = BTreeMap<String, Vec<(String, String, String)>>;

#[derive(Serialize, Deserialize)]
struct Cache {
    script: String,
    operations: Table,
}

impl Operations {
    /// Reads the names that the environment of that Python knows. Several
    /// sandboxes may do it at once: the file is put in its place whole.
    pub fn load(python: &Path, environment: &Path) -> Result<Self, String> {
        let file = environment.join(CACHE);
        let kept = std::fs::read(&file).ok();
        let kept = kept.and_then(|text| serde_json::from_slice::<Cache>(&text).ok());
        if let Some(cache) = kept.filter(|cache| cache.script == SCRIPT) {
            return Self::new(&cache.operations);
        }
        let cache = Cache {
            script: SCRIPT.to_owned(),
            operations: ask(python)?,
        };
        let text = serde_json::to_vec(&cache).map_err(|error| error.to_string())?;
        let fresh = file.with_extension(std::process::id().to_string());
        std::fs::write(&fresh, text)
            .and_then(|()| std::fs::rename(&fresh, &file))
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        Self::new(&cache.operations)
    }

    fn new(table: &Table) -> Result<Self, String> {
        let mut services = BTreeMap::new();
        for (service, operations) in table {
            let mut operations: Vec<Operation> = operations
                .iter()
                .map(|(method, uri, name)| Operation::new(method, uri, name))
                .collect::<Result<_, _>>()?;
            // The most telling first: `/tags/{arn}` before `/{anything}/{else}`.
            operations.sort_by_key(|operation| {
                let literals = operation.path.iter().filter(|segment| segment.is_literal());
                std::cmp::Reverse((operation.query.len(), literals.count()))
            });
            services.insert(service.clone(), operations);
        }
        Ok(Self(services))
    }

    /// The name of a request, by its path as it was sent: an ARN in it is one
    /// segment, whatever is in the ARN.
    pub fn name(
        &self,
        service: &str,
        method: &Method,
        path: &str,
        query: &[(String, String)],
    ) -> Option<Named> {
        let asked = segments(path);
        let operations = self.0.get(service)?;
        let found = operations.iter().find(|operation| {
            operation.method == *method
                && operation.query.iter().all(|pair| query.contains(pair))
                && operation.path.len() == asked.len()
                && asked
                    .iter()
                    .zip(&operation.path)
                    .all(|(asked, segment)| segment.fits(asked))
        })?;
        let labels = asked.iter().zip(&found.path);
        Some(Named {
            operation: found.name.clone(),
            labels: labels
                .filter(|(_, segment)| !segment.is_literal())
                .map(|(asked, _)| super::request::decode(asked))
                .collect(),
        })
    }
}

impl Operation {
    fn new(method: &str, uri: &str, name: &str) -> Result<Self, String> {
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let segment = |text: &str| match text.starts_with('{') {
            true => Segment::Label,
            false => Segment::Literal(text.to_owned()),
        };
        Ok(Self {
            name: name.to_owned(),
            method: method.parse().map_err(|_| format!("{name}: {method}?"))?,
            path: segments(path).into_iter().map(segment).collect(),
            query: form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        })
    }
}

impl Segment {
    fn is_literal(&self) -> bool {
        matches!(self, Self::Literal(_))
    }

    fn fits(&self, asked: &str) -> bool {
        match self {
            Self::Literal(text) => text == asked,
            Self::Label => true,
        }
    }
}

fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty()).collect()
}

fn ask(python: &Path) -> Result<Table, String> {
    let mut command = Command::new(python);
    command
        .args(["-c", SCRIPT])
        .env_remove("PYTHONHOME")
        .env_remove("PYTHONPATH")
        .stdin(Stdio::null());
    let output = command
        .output()
        .map_err(|error| format!("{}: {error}", python.display()))?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(format!(
            "the names of the operations cannot be read\n{reason}"
        ));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("the names of the operations cannot be read: {error}"))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A few operations, so that unit tests need no environment.
    pub fn some() -> Operations {
        let row = |method: &str, uri: &str, name: &str| {
            (method.to_owned(), uri.to_owned(), name.to_owned())
        };
        let table = Table::from([
            (
                "apigateway".to_owned(),
                vec![
                    row("POST", "/restapis", "CreateRestApi"),
                    row("POST", "/restapis?mode=import", "ImportRestApi"),
                    row("GET", "/restapis/{restapi_id}", "GetRestApi"),
                    row(
                        "PUT",
                        "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}",
                        "PutMethod",
                    ),
                    row("PUT", "/tags/{resource_arn}", "TagResource"),
                ],
            ),
            (
                "lambda".to_owned(),
                vec![
                    row("GET", "/2015-03-31/functions/{FunctionName}", "GetFunction"),
                    row("GET", "/2015-03-31/functions", "ListFunctions"),
                    row(
                        "GET",
                        "/2015-03-31/functions/{FunctionName}/policy",
                        "GetPolicy",
                    ),
                    row("POST", "/2015-03-31/functions", "CreateFunction"),
                    row(
                        "POST",
                        "/2015-03-31/functions/{FunctionName}/invocations",
                        "Invoke",
                    ),
                ],
            ),
            (
                "xray".to_owned(),
                vec![row("POST", "/GetSamplingRules", "GetSamplingRules")],
            ),
        ]);
        Operations::new(&table).unwrap()
    }

    fn name(service: &str, method: Method, target: &str) -> Option<(String, Vec<String>)> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let named = some().name(service, &method, path, &query)?;
        Some((named.operation, named.labels))
    }

    #[test]
    fn the_most_telling_template_names_a_request() {
        let cases = [
            ("apigateway", Method::POST, "/restapis", "CreateRestApi"),
            (
                "apigateway",
                Method::POST,
                "/restapis?mode=import",
                "ImportRestApi",
            ),
            (
                "lambda",
                Method::GET,
                "/2015-03-31/functions/",
                "ListFunctions",
            ),
            (
                "lambda",
                Method::GET,
                "/2015-03-31/functions/policy",
                "GetFunction",
            ),
            (
                "lambda",
                Method::GET,
                "/2015-03-31/functions/f/policy",
                "GetPolicy",
            ),
        ];
        for (service, method, target, expected) in cases {
            let found = name(service, method, target).map(|(name, _)| name);
            assert_eq!(found.as_deref(), Some(expected), "{target}");
        }
        assert_eq!(name("apigateway", Method::PATCH, "/restapis"), None);
        assert_eq!(name("s3", Method::GET, "/restapis"), None);
    }

    #[test]
    fn an_arn_in_a_path_is_one_label() {
        let target = "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Fabc";
        let arn = "arn:aws:apigateway:us-east-1::/restapis/abc".to_owned();
        assert_eq!(
            name("apigateway", Method::PUT, target),
            Some(("TagResource".to_owned(), vec![arn]))
        );
    }
}
