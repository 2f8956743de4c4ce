//! What a function finds in its account: buckets, a table, a topic, an event
//! bus, and queues that hear what goes out. Each test has a stage of its own
//! in one shared sandbox.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{File, Permissions};
use std::io::Cursor;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::calls;
use acceptance::Sandbox;
use acceptance::lambda::{Function, Program};
use serde_json::{Value, json};
use terraform_provider_tap::bundle::{self, Architecture};

pub const PIPELINE: &str = "documents-dev@us-east-1";

thread_local! {
    /// The sandbox of this thread's stages, where it is not the shared one.
    static ANOTHER: RefCell<Option<Arc<Sandbox>>> = const { RefCell::new(None) };
}

fn shared() -> Arc<Sandbox> {
    static SANDBOX: OnceLock<Arc<Sandbox>> = OnceLock::new();
    ANOTHER
        .with_borrow(Clone::clone)
        .unwrap_or_else(|| Arc::clone(SANDBOX.get_or_init(own)))
}

/// Does something with stages in a sandbox of their own, where other tests'
/// names are free.
pub fn elsewhere(what: impl FnOnce()) {
    ANOTHER.set(Some(own()));
    what();
    ANOTHER.set(None);
}

fn own() -> Arc<Sandbox> {
    Arc::new(Sandbox::start().expect("the sandbox starts"))
}

/// How the functions are run: the bundle of this machine's architecture that
/// the provider has embedded, or `TAP_BOOTSTRAP` instead.
pub fn native() -> Program {
    if let Some(path) = std::env::var_os("TAP_BOOTSTRAP") {
        return Program::native(Path::new(&path));
    }
    let here = match std::env::consts::ARCH {
        "aarch64" => Architecture::Arm64,
        _ => Architecture::X86_64,
    };
    Program::native(&bootstrap(here))
}

/// The `bootstrap` of an embedded bundle, unpacked once.
pub fn bootstrap(architecture: Architecture) -> PathBuf {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    static UNPACKING: Mutex<()> = Mutex::new(());
    let bundle = bundle::all()
        .iter()
        .find(|bundle| bundle.architecture == architecture)
        .unwrap_or_else(|| {
            panic!(
                "the provider was built without the functions for {architecture}: make functions"
            )
        });
    let folder = FOLDER.get_or_init(|| tempfile::tempdir().expect("a folder"));
    let path = folder.path().join(architecture.as_str());
    let _one = UNPACKING.lock().unwrap_or_else(PoisonError::into_inner);
    if !path.exists() {
        let mut zip = zip::ZipArchive::new(Cursor::new(bundle.zip)).expect("a zip");
        let mut entry = zip.by_name("bootstrap").expect("an entry");
        let new = path.with_extension("new");
        let mut file = File::create(&new).expect("a file");
        std::io::copy(&mut entry, &mut file).expect("unpacked");
        file.set_permissions(Permissions::from_mode(0o755))
            .expect("executable");
        drop(file);
        std::fs::rename(&new, &path).expect("in place");
    }
    path
}

pub struct Stage {
    pub sandbox: Arc<Sandbox>,
    pub name: String,
    pub env: BTreeMap<String, String>,
}

/// Each test's functions are held to the table of who calls what.
impl Drop for Stage {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            calls::observe(&self.sandbox);
        }
    }
}

/// What every script of a stage knows.
const PRELUDE: &str = r#"
import base64, time, botocore
from botocore.config import Config
def c(service):
    return boto3.client(service, region_name="us-east-1", config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}))
def out(value):
    print(json.dumps(value, default=str))
def code(call, **arguments):
    try:
        call(**arguments)
        return "ok"
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
def received(queue):
    sqs, url, got = c("sqs"), None, []
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    while True:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            got.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        if not messages:
            return got
s3 = c("s3")
RAW, PROCESSED = NAME + "-raw", NAME + "-processed"
"#;

const SETUP: &str = r#"
for bucket in (RAW, PROCESSED):
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
key = c("kms").create_key()["KeyMetadata"]["Arn"]
text = lambda name: {"AttributeName": name, "AttributeType": "S"}
c("dynamodb").create_table(TableName=NAME + "-audit", BillingMode="PAY_PER_REQUEST",
    AttributeDefinitions=[text("requestId"), text("timestamp")],
    KeySchema=[{"AttributeName": "requestId", "KeyType": "HASH"}, {"AttributeName": "timestamp", "KeyType": "RANGE"}])
while c("dynamodb").describe_table(TableName=NAME + "-audit")["Table"]["TableStatus"] != "ACTIVE":
    time.sleep(0.05)
topic = c("sns").create_topic(Name=NAME)["TopicArn"]
for queue in ("-alerts", "-events"):
    c("sqs").create_queue(QueueName=NAME + queue)
arn = "arn:aws:sqs:us-east-1:123456789012:" + NAME
c("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn + "-alerts")
c("events").create_event_bus(Name=NAME)
c("events").put_rule(Name=NAME, EventBusName=NAME, EventPattern=json.dumps({"source": ["tap.pipeline"]}))
c("events").put_targets(Rule=NAME, EventBusName=NAME, Targets=[{"Id": "q", "Arn": arn + "-events"}])
role = c("iam").create_role(RoleName=NAME + "-upload", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
out({"key": key, "topic": topic, "role": role})
"#;

impl Stage {
    pub fn new(name: &str) -> Self {
        Self::within(shared(), name)
    }

    /// In a sandbox of its own, for a test that makes weather.
    pub fn alone(name: &str) -> Self {
        Self::within(own(), name)
    }

    fn within(sandbox: Arc<Sandbox>, name: &str) -> Self {
        let env = sandbox.env();
        let mut stage = Self {
            sandbox,
            name: name.to_owned(),
            env,
        };
        let made = stage.boto3(SETUP);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let settings = [
            ("TAP_PIPELINE", PIPELINE.to_owned()),
            ("TAP_AUDIT_TABLE", format!("{name}-audit")),
            ("TAP_RAW_BUCKET", stage.raw()),
            ("TAP_PROCESSED_BUCKET", stage.processed()),
            ("TAP_DATA_KEY_ARN", text(&made["key"])),
            ("TAP_TOPIC_ARN", text(&made["topic"])),
            ("TAP_EVENT_BUS", name.to_owned()),
            ("TAP_UPLOAD_ROLE_ARN", text(&made["role"])),
            ("TAP_BASELINE", format!("/tap/{name}/baseline")),
        ];
        stage.set(&settings);
        stage
    }

    pub fn set(&mut self, settings: &[(&str, String)]) {
        for (name, value) in settings {
            self.env.insert((*name).to_owned(), value.clone());
        }
    }

    pub fn raw(&self) -> String {
        format!("{}-raw", self.name)
    }

    pub fn processed(&self) -> String {
        format!("{}-processed", self.name)
    }

    #[track_caller]
    pub fn function(&self, handler: &str) -> Function {
        self.function_of(&native(), handler)
    }

    #[track_caller]
    pub fn function_of(&self, program: &Program, handler: &str) -> Function {
        Function::start(program, handler, &self.env).expect("it comes up")
    }

    /// What Secrets Manager does before it calls the function.
    #[track_caller]
    pub fn stage_pending(&self, secret: &str, token: &str) {
        self.sandbox.stage_pending(secret, token).expect("staged");
    }

    /// Runs a script that knows `NAME`, `RAW`, `PROCESSED`, `s3`, `c`, `code`,
    /// `received` and `out`.
    #[track_caller]
    pub fn boto3(&self, script: &str) -> Value {
        let script = format!("NAME = {:?}\n{PRELUDE}{script}", self.name);
        self.sandbox.boto3(&script).expect("the script runs")
    }

    /// Puts an object; returns its version.
    #[track_caller]
    pub fn put(&self, bucket: &str, key: &str, body: &[u8]) -> String {
        use base64::Engine as _;
        let body = base64::engine::general_purpose::STANDARD.encode(body);
        let script = format!(
            "out(s3.put_object(Bucket={bucket:?}, Key={key:?}, Body=base64.b64decode({body:?}), Metadata={{\"sender\": \"a\"}}, Tagging=\"team=blue%20one\", ContentType=\"text/x-memo\")[\"VersionId\"])"
        );
        self.boto3(&script).as_str().expect("a version").to_owned()
    }

    /// The audit rows, by request id and time, as plain JSON.
    #[track_caller]
    pub fn rows(&self) -> Vec<Value> {
        let script = r#"
rows = boto3.resource("dynamodb", region_name="us-east-1").Table(NAME + "-audit").scan()["Items"]
out(sorted(json.loads(json.dumps(rows, default=lambda n: float(n))), key=lambda row: (row["requestId"], row["timestamp"])))"#;
        self.boto3(script).as_array().expect("a list").clone()
    }

    /// The alerts since the last look.
    #[track_caller]
    pub fn alerts(&self) -> Vec<Value> {
        let script = "out([dict(json.loads(m[\"Message\"]), Subject=m[\"Subject\"], attribute=m[\"MessageAttributes\"][\"alert\"][\"Value\"]) for m in received(NAME + \"-alerts\")])";
        self.boto3(script).as_array().expect("a list").clone()
    }

    /// The pipeline's own events on its bus since the last look.
    #[track_caller]
    pub fn events(&self) -> Vec<Value> {
        let script = "out(received(NAME + \"-events\"))";
        self.boto3(script).as_array().expect("a list").clone()
    }

    /// The keys of a bucket's current objects.
    #[track_caller]
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        let script = format!(
            "out([o[\"Key\"] for o in s3.list_objects_v2(Bucket={bucket:?}).get(\"Contents\", [])])"
        );
        serde_json::from_value(self.boto3(&script)).expect("keys")
    }
}

/// The body of an answer to API Gateway, and its status.
#[track_caller]
pub fn api(answer: Value) -> (u64, Value) {
    let status = answer["statusCode"].as_u64().expect("a status");
    let body = answer["body"].as_str().expect("a body");
    (status, serde_json::from_str(body).expect("JSON"))
}

/// The part of `found` that `wanted` names, recursively; a test compares it
/// with `wanted`, so that a failure shows just what differs.
pub fn part(found: &Value, wanted: &Value) -> Value {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => wanted
            .iter()
            .map(|(name, wanted)| {
                let found = found
                    .get(name)
                    .map_or(Value::Null, |found| part(found, wanted));
                (name.clone(), found)
            })
            .collect(),
        _ => found.clone(),
    }
}

/// Holds `found` to what `wanted` names of it.
#[track_caller]
pub fn expect_part(found: &Value, wanted: Value) {
    assert_eq!(part(found, &wanted), wanted, "in {found:#}");
}

#[test]
fn a_part_of_a_value_is_compared() {
    expect_part(
        &json!({ "a": { "b": 1, "c": 2 }, "d": 3 }),
        json!({ "a": { "b": 1 } }),
    );
    assert_eq!(
        part(&json!({ "a": 1 }), &json!({ "a": 1, "b": 2 })),
        json!({ "a": 1, "b": null })
    );
}
