"""What the checks share: the pipeline that was applied, AWS as boto3 sees it,
and the run that turns every check into a line of the table.

A check is a function `r001` to `r130` of a chapter's file. Its docstring is the
requirement; it returns its evidence, or raises. `@template_only` marks what no
emulator can show; `@destroyed` what is to be seen after the destroy only.

`run` gives {row, requirement, result, evidence} for each.
"""

import functools
import importlib
import json
import re
import subprocess
import time
import urllib.error
import urllib.request
import uuid

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials

CHAPTERS = (
    "encryption", "storage", "network", "functions", "api", "firewall", "audit", "monitoring", "threats", "credentials",
    "access", "compliance", "alerts", "everywhere",
)
OPERATIONS = ("validate", "encrypt", "scan", "remediate", "rotate", "evaluate")
ACCOUNT, REGION = "123456789012", "us-east-1"


class NotMet(Exception):
    """What was found instead of what is required."""


def expect(condition, otherwise):
    if not condition:
        raise NotMet(otherwise)


def equal(found, expected, what):
    expect(found == expected, f"{what} is {found!r}, not {expected!r}")


def template_only(check):
    check.template_only = True
    return check


def destroyed(check):
    check.destroyed = True
    return check


def many(value):
    """IAM's lists of one may be written without a list."""
    return value if isinstance(value, list) else [value]


def statements(document, effect=None):
    document = json.loads(document) if isinstance(document, str) else document
    return [s for s in many(document["Statement"]) if effect in (None, s["Effect"])]


def condition_keys(statement):
    return {key.lower() for keys in statement.get("Condition", {}).values() for key in keys}


def tag_map(tags, key="Key", value="Value"):
    return {tag[key]: tag[value] for tag in tags}


def eventually(look, what, seconds=30):
    """What `look` returns as soon as it is anything."""
    until = time.monotonic() + seconds
    while True:
        found = look()
        if found or time.monotonic() > until:
            expect(found, f"{what}: nothing after {seconds} s")
            return found
        time.sleep(0.3)


class Pipeline:
    """The applied pipeline. `given`: `settings` (the block's attributes),
    `state` (what Terraform keeps of it), `endpoint`, `provider` (its binary),
    `root` (the checkout), `written` (what Terraform wrote: state, plan, logs),
    `before`, `now` and `after` (the account's snapshots before the apply, with
    the pipeline, after the destroy), `held` (versions and markers in its
    buckets before the destroy), `secrets` (what lay behind its secrets),
    `neighbours` (region, settings and state of each), `unharmed` (their plan
    after its destroy), `again` (its second life), `tests` (what cargo said of
    the unit tests), `documented` (what Terraform said of the pages),
    `terraform` (its version)."""

    def __init__(self, given):
        self.__dict__.update(given)
        self.given = given
        self.region = given.get("region", REGION)
        self.name, self.suffix = self.settings["name"], self.settings["environment_suffix"]
        self.pipeline = f"{self.name}-{self.suffix}@{self.region}"
        self.heard = []

    @functools.cache
    def neighbour(self, name):
        """`beside`, with options of the API; `abroad`, of the same name in
        another region, with a recorder of its own."""
        return Pipeline(self.given | self.neighbours[name])

    @functools.cache
    def client(self, service):
        return boto3.client(service, region_name=self.region, config=botocore.config.Config(retries={"total_max_attempts": 2}, read_timeout=60))

    def pages(self, service, operation, key, **arguments):
        pages = self.client(service).get_paginator(operation).paginate(**arguments)
        return [item for page in pages for item in page.get(key, [])]

    def render(self, **more):
        """The resources of the template of these settings, with other ones."""
        done = subprocess.run(
            [self.provider, "template", "-"], input=json.dumps({"account_id": ACCOUNT, "region": self.region} | self.settings | more),
            capture_output=True, text=True,
        )
        expect(done.returncode == 0, f"no template with {more}: {done.stderr.strip()}")
        return json.loads(done.stdout)["Resources"]

    def refused(self, **more):
        """Why there is no template with these settings."""
        try:
            self.render(**more)
        except NotMet as why:
            return str(why)
        raise NotMet(f"there is a template with {more}")

    @functools.cached_property
    def template(self):
        return self.render()

    def of_type(self, kind):
        """Logical id to properties."""
        return {id: one["Properties"] for id, one in self.template.items() if one["Type"] == kind}

    def properties(self, id):
        expect(id in self.template, f"the template has no {id}")
        return self.template[id]["Properties"]

    def physical(self, id):
        """What AWS calls it: CloudFormation's primary identifier."""
        found = self.state["physical_ids"].get(id)
        expect(found, f"the pipeline has no {id}")
        return found

    def named(self, base):
        return f"{base}-{self.name}-{self.suffix}"

    # What several chapters look at.

    def arn(self, service, resource):
        return f"arn:aws:{service}:{self.region}:{ACCOUNT}:{resource}"

    def key_arn(self, purpose):
        return self.client("kms").describe_key(KeyId=f"alias/{purpose}-{self.name}-{self.suffix}")["KeyMetadata"]["Arn"]

    def buckets(self):
        """raw, processed, logs: names by role."""
        return {role: f"documents-{role}-{self.name}-{self.suffix}-{ACCOUNT}-{self.region}" for role in ("raw", "processed", "logs")}

    def function(self, operation):
        return self.client("lambda").get_function_configuration(FunctionName=self.named(operation))

    def functions(self):
        return {operation: self.function(operation) for operation in OPERATIONS}

    def role_of(self, operation):
        return self.function(operation)["Role"].split("/")[-1]

    def policies_of(self, role):
        """The documents of a role's attached policies."""
        iam = self.client("iam")
        documents = []
        for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            version = iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]["DefaultVersionId"]
            document = iam.get_policy_version(PolicyArn=attached["PolicyArn"], VersionId=version)["PolicyVersion"]["Document"]
            documents.append(json.loads(document) if isinstance(document, str) else document)
        return documents

    def allowed(self, role):
        return [s for document in self.policies_of(role) for s in statements(document, "Allow")]

    def denied(self, role):
        return [s for document in self.policies_of(role) for s in statements(document, "Deny")]

    def log_groups(self):
        """Those of the template, and whatever else bears the pipeline's name or
        its API's id: a group that a service made by itself is one too."""
        names = {self.physical(id) for id in self.of_type("AWS::Logs::LogGroup")}
        expect(names, "the pipeline has no log group")
        live = {g["logGroupName"]: g for g in self.pages("logs", "describe_log_groups", "logGroups")}
        expect(names <= set(live), f"log groups that are not there: {sorted(names - set(live))}")
        names |= {name for name in live if f"{self.name}-{self.suffix}" in name or self.physical("RestApi") in name}
        return {name: live[name] for name in sorted(names)}

    def topic_arn(self):
        return f"arn:aws:sns:{self.region}:{ACCOUNT}:{self.named('alerts')}"

    def rules(self):
        """EventBridge rules of the pipeline with their targets, by logical id."""
        events = self.client("events")
        found = {}
        for id, properties in self.of_type("AWS::Events::Rule").items():
            rule = events.describe_rule(Name=properties["Name"])
            rule["Pattern"] = json.loads(rule.get("EventPattern") or "{}")  # one on a schedule has none
            rule["Targets"] = events.list_targets_by_rule(Rule=properties["Name"])["Targets"]
            found[id] = rule
        expect(found, "the pipeline has no EventBridge rule")
        return found

    def rule_for(self, source, detail_type):
        """The rules that match events of this source and kind."""
        return {
            id: rule for id, rule in self.rules().items()
            if source in rule["Pattern"].get("source", [source]) and detail_type in rule["Pattern"].get("detail-type", [])
        }

    def targets(self, rules):
        return {target["Arn"] for rule in rules.values() for target in rule["Targets"]}

    # Using it.

    def post(self, path, body, key=True):
        """A signed request to the deployed API; status and JSON body."""
        stage = self.physical("ApiStage").split("|")[-1]
        url = f"{self.endpoint}/restapis/{self.physical('RestApi')}/{stage}/_user_request_{path}"
        request = botocore.awsrequest.AWSRequest("POST", url, data=json.dumps(body), headers={"Content-Type": "application/json"})
        if key:
            secret = self.client("secretsmanager").get_secret_value(SecretId=self.properties("ApiKeySecret")["Name"])
            request.headers["x-api-key"] = json.loads(secret["SecretString"])["api_key"]
        botocore.auth.SigV4Auth(botocore.credentials.Credentials("test", "test"), "execute-api", REGION).add_auth(request)
        sent = urllib.request.Request(url, data=request.data.encode() if isinstance(request.data, str) else request.data, headers=dict(request.headers.items()), method="POST")
        try:
            with urllib.request.urlopen(sent, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            text = refused.read().decode()
            return refused.code, json.loads(text) if text.startswith("{") else text

    def deliver(self, source, detail_type, detail):
        """What EventBridge does with an event of one of AWS's own services,
        which nobody else may put: the rules, their targets and who may invoke
        them are the live ones. Gives the event's id and whom it reached."""
        event = {
            "version": "0", "id": str(uuid.uuid4()), "source": source, "detail-type": detail_type, "detail": detail, "resources": [],
            "account": ACCOUNT, "region": self.region, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        events, told = self.client("events"), set()
        for rule in self.pages("events", "list_rules", "Rules"):
            pattern = rule.get("EventPattern")
            if not pattern or not events.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"]:
                continue
            for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
                told.add(target["Arn"])
                if ":lambda:" in target["Arn"]:
                    self._invoke_by(rule, target, event)
                else:
                    self._publish_by(target, event)
        return event["id"], told

    def _invoke_by(self, rule, target, event):
        function = self.client("lambda")
        policy = statements(function.get_policy(FunctionName=target["Arn"])["Policy"], "Allow")
        admitted = any(s["Principal"] == {"Service": "events.amazonaws.com"} and rule["Arn"] in json.dumps(s["Condition"]) for s in policy)
        expect(admitted, f"{rule['Name']} may not invoke {target['Arn']}")
        answer = function.invoke(FunctionName=target["Arn"], Payload=json.dumps(event))
        expect("FunctionError" not in answer, f"{target['Arn']}: {answer['Payload'].read()}")

    def _publish_by(self, target, event):
        policy = statements(self.client("sns").get_topic_attributes(TopicArn=target["Arn"])["Attributes"]["Policy"], "Allow")
        expect(any(s["Principal"] == {"Service": "events.amazonaws.com"} for s in policy), f"EventBridge may not publish to {target['Arn']}")
        message = json.dumps(event)
        if "InputTransformer" in target:
            message = target["InputTransformer"]["InputTemplate"]
            for name, path in target["InputTransformer"]["InputPathsMap"].items():
                value = functools.reduce(lambda part, key: part[key], path.removeprefix("$.").split("."), event)
                message = message.replace(f"<{name}>", str(value))
            message = json.loads(message)
        self.client("sns").publish(TopicArn=target["Arn"], Message=message)

    def listen(self):
        """Has the queue of somebody else hear the topic, as an on-call tool does."""
        queue = f"arn:aws:sqs:{self.region}:{ACCOUNT}:of-somebody-else"
        self.client("sns").subscribe(TopicArn=self.topic_arn(), Protocol="sqs", Endpoint=queue)

    def alerts(self, *words):
        """What the topic has said since `listen` that has all these words."""
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName="of-somebody-else")["QueueUrl"]
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                body = json.loads(message["Body"])
                if body["TopicArn"] == self.topic_arn():
                    self.heard.append(body["Message"])
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [message for message in self.heard if all(word in message for word in words)]

    def rotate(self, secret, steps, version, times=1):
        """Takes these steps of a rotation as Secrets Manager does."""
        self.stage_pending(secret, version)
        for step in steps:
            for _ in range(times):
                event = json.dumps({"Step": step, "SecretId": secret, "ClientRequestToken": version})
                answer = self.client("lambda").invoke(FunctionName=self.named("rotate"), Payload=event)
                expect("FunctionError" not in answer, f"{step} of {secret}: {answer['Payload'].read()}")

    def evaluate(self, rule, check, resource_type, resource, **item):
        """Asks evaluate as Config does, about a resource of the pipeline's."""
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + f".{time.time_ns() // 1_000_000 % 1000:03}Z"
        item = {
            "resourceType": resource_type, "resourceId": resource, "configurationItemStatus": "OK", "configurationItemCaptureTime": at,
            "awsRegion": self.region, "awsAccountId": ACCOUNT, "tags": {"tap:pipeline": self.pipeline},
        } | item
        event = {
            "version": "1.0", "resultToken": rule, "configRuleName": rule, "accountId": ACCOUNT, "eventLeftScope": False,
            "ruleParameters": json.dumps({"check": check}),
            "invokingEvent": json.dumps({"messageType": "ConfigurationItemChangeNotification", "configurationItem": item}),
        }
        answer = self.client("lambda").invoke(FunctionName=self.named("evaluate"), Payload=json.dumps(event))
        said = answer["Payload"].read()
        expect("FunctionError" not in answer, f"evaluate of {resource}: {said}")
        return json.loads(said)

    def stage_pending(self, secret, version):
        """What Secrets Manager does before it calls a rotation function, and the
        emulator of it does not: a version without a value, staged AWSPENDING."""
        body = json.dumps({"arn": secret, "version": version}).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.endpoint}/_sandbox/stage-pending", data=body, method="POST"), timeout=60):
            pass

    def upload(self, name, content):
        """Gives the version."""
        return self.client("s3").put_object(Bucket=self.buckets()["raw"], Key=f"raw/{name}", Body=content)["VersionId"]

    def rows(self, **equal_to):
        """The audit rows whose attributes have these values."""
        items = self.pages("dynamodb", "scan", "Items", TableName=self.named("audit"))
        plain = [{name: next(iter(value.values())) for name, value in item.items()} for item in items]
        return [row for row in plain if all(str(value) in str(row.get(name, "")) for name, value in equal_to.items())]


def source(pipeline, path):
    with open(f"{pipeline.root}/{path}", encoding="utf-8") as file:
        return file.read()


def outcome(check, pipeline):
    try:
        evidence = check(pipeline)
        expect(isinstance(evidence, str) and evidence, "the check gave no evidence")
        return ("template-only" if getattr(check, "template_only", False) else "passed"), evidence
    except NotMet as problem:
        return "failed", str(problem)
    except Exception as problem:  # what AWS or the check itself could not do is as little evidence
        return "failed", f"{type(problem).__name__}: {problem}"


def run(pipeline, after_destroy):
    found = []
    for chapter in CHAPTERS:
        module = importlib.import_module(chapter)
        for name, check in list(vars(module).items()):
            if re.fullmatch(r"r\d{3}", name) and getattr(check, "destroyed", False) == after_destroy:
                result, evidence = outcome(check, pipeline)
                found.append({"row": name.upper(), "requirement": check.__doc__, "result": result, "evidence": " ".join(evidence.split())})
    return found
