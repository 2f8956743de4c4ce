//! What takes its time at AWS: roles that nobody knows yet, functions that are
//! Pending, the interfaces that outlive them. A test that is named after a shim
//! fails without it.

use super::*;

/// A VPC with a subnet and a group, a role, and functions in and out of them.
const FUNCTIONS: &str = r#"
import io, zipfile
ec2, iam, functions = c("ec2"), c("iam"), c("lambda")
archive = io.BytesIO()
with zipfile.ZipFile(archive, "w") as file:
    file.writestr("main.py", "def handler(event, context): pass")
trust = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
def role(name):
    return iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
def vpc():
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="functions", Description="d", VpcId=vpc)["GroupId"]
    return vpc, subnet, group
def function(name, role, **more):
    return functions.create_function(FunctionName=name, Runtime="python3.12", Handler="main.handler", Role=role, Code={"ZipFile": archive.getvalue()}, **more)
def interfaces(vpc):
    found = ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["NetworkInterfaces"]
    return [(i["InterfaceType"], i["Status"], i["Description"].startswith("AWS Lambda VPC ENI-")) for i in found]
def until(call, expected):
    end = time.time() + 10
    while call() != expected:
        assert time.time() < end, call()
        time.sleep(0.05)
"#;

fn with_functions(sandbox: &Sandbox, script: &str) -> Value {
    run(sandbox, &format!("{FUNCTIONS}{script}"))
}

#[test]
fn iam_new_roles_are_refused_by_all_who_do_not_know_them_yet() {
    let sandbox = own();
    sandbox.settle("roles", Duration::from_secs(3)).unwrap();
    let found = with_functions(
        &sandbox,
        r#"
c("s3").create_bucket(Bucket="new-role")
topic = c("sns").create_topic(Name="new-role")["TopicArn"]
old = "arn:aws:iam::123456789012:root"
def policy(principal, resource="*"):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": old}, "Action": "kms:*", "Resource": resource}, {"Effect": "Allow", "Principal": {"AWS": [principal]}, "Action": "*", "Resource": resource}]})
new = role("new")
def all():
    return [
        code(function, name="f", role=new), code(c("kms").create_key, Policy=policy(new)),
        code(c("s3").put_bucket_policy, Bucket="new-role", Policy=policy(new, "arn:aws:s3:::new-role")),
        code(c("sns").set_topic_attributes, TopicArn=topic, AttributeName="Policy", AttributeValue=policy(new, topic)),
    ]
before = all()
time.sleep(3)
out([before, all(), code(c("kms").create_key, Policy=policy(old))])"#,
    );
    let refused = [
        "InvalidParameterValueException",
        "MalformedPolicyDocumentException",
        "MalformedPolicy",
        "InvalidParameter",
    ];
    assert_eq!(found, json!([refused, ["ok", "ok", "ok", "ok"], "ok"]));
}

#[test]
fn lambda_function_state_is_pending_and_nothing_else_is_done_meanwhile() {
    let sandbox = own();
    sandbox.settle("functions", Duration::from_secs(2)).unwrap();
    let found = with_functions(
        &sandbox,
        r#"
function("slow", role("slow"))
def look():
    configuration = functions.get_function(FunctionName="slow")["Configuration"]
    return [configuration["State"], configuration["LastUpdateStatus"]]
change = lambda: code(functions.update_function_configuration, FunctionName="slow", Timeout=10)
found = [look(), change(), code(functions.invoke, FunctionName="slow")]
until(look, ["Active", "Successful"])
found += [change(), look(), change(), code(functions.update_function_code, FunctionName="slow", ZipFile=archive.getvalue())]
until(look, ["Active", "Successful"])
out(found)"#,
    );
    let conflict = "ResourceConflictException";
    assert_eq!(
        found,
        json!([
            ["Pending", "InProgress"],
            conflict,
            conflict,
            "ok",
            ["Active", "InProgress"],
            conflict,
            conflict
        ])
    );
}

#[test]
fn lambda_role_must_be_there() {
    let found = with_functions(
        shared(),
        r#"
absent = "arn:aws:iam::123456789012:role/absent"
made = code(function, name="with-role", role=role("with-role"))
out([made, code(function, name="without-role", role=absent), code(functions.update_function_configuration, FunctionName="with-role", Role=absent)])"#,
    );
    let refused = "InvalidParameterValueException";
    assert_eq!(found, json!(["ok", refused, refused]));
}

#[test]
fn lambda_vpc_config_shows_the_vpc_and_refuses_subnets_that_are_not_there() {
    let found = with_functions(
        shared(),
        r#"
vpc_id, subnet, group = vpc()
arn = role("in-vpc")
config = {"SubnetIds": [subnet], "SecurityGroupIds": [group]}
made = function("in-vpc", arn, VpcConfig=config)["VpcConfig"]["VpcId"] == vpc_id
read = functions.get_function_configuration(FunctionName="in-vpc")["VpcConfig"]["VpcId"] == vpc_id
refused = [code(function, name="lost", role=arn, VpcConfig=config | wrong) for wrong in ({"SubnetIds": ["subnet-0123456789abcdef0"]}, {"SecurityGroupIds": ["sg-0123456789abcdef0"]})]
out([made, read, interfaces(vpc_id), refused])"#,
    );
    let refused = "InvalidParameterValueException";
    assert_eq!(found, json!([true, true, [], [refused, refused]]));
}

#[test]
fn lambda_interfaces_hold_subnet_and_group_until_some_time_after_the_last_function() {
    let sandbox = own();
    sandbox
        .settle("interfaces", Duration::from_secs(4))
        .unwrap();
    let found = with_functions(
        &sandbox,
        r#"
vpc_id, subnet, group = vpc()
arn = role("in-vpc")
config = {"SubnetIds": [subnet], "SecurityGroupIds": [group]}
for name in ("one", "two"):
    function(name, arn, VpcConfig=config)
drop = lambda: [code(ec2.delete_subnet, SubnetId=subnet), code(ec2.delete_security_group, GroupId=group)]
found = [interfaces(vpc_id)]
functions.delete_function(FunctionName="one")
time.sleep(0.5)
found += [len(interfaces(vpc_id))]
functions.delete_function(FunctionName="two")
found += [drop()]
eni = ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["NetworkInterfaces"][0]["NetworkInterfaceId"]
found += [code(ec2.delete_network_interface, NetworkInterfaceId=eni)]
begin = time.time()
until(lambda: interfaces(vpc_id), [])
found += [time.time() - begin > 2, drop()]
out(found)"#,
    );
    let held = "DependencyViolation";
    assert_eq!(
        found,
        json!([
            [["lambda", "in-use", true]],
            1,
            [held, held],
            "InvalidParameterValue",
            true,
            ["ok", "ok"]
        ])
    );
}

#[test]
fn lambda_interfaces_go_soon_after_a_function_was_detached_unless_its_role_is_gone() {
    let sandbox = own();
    sandbox
        .settle("interfaces", Duration::from_secs(20))
        .unwrap();
    let found = with_functions(
        &sandbox,
        r#"
vpc_id, subnet, group = vpc()
arn = role("in-vpc")
config = {"SubnetIds": [subnet], "SecurityGroupIds": [group]}
function("one", arn, VpcConfig=config)
functions.update_function_configuration(FunctionName="one", VpcConfig={"SubnetIds": [], "SecurityGroupIds": []})
found = [len(interfaces(vpc_id))]
begin = time.time()
until(lambda: interfaces(vpc_id), [])
found += [time.time() - begin < 8]
functions.update_function_configuration(FunctionName="one", VpcConfig=config)
functions.update_function_configuration(FunctionName="one", VpcConfig={"SubnetIds": [], "SecurityGroupIds": []})
functions.delete_function(FunctionName="one")
iam.delete_role(RoleName="in-vpc")
time.sleep(3)
out(found + [len(interfaces(vpc_id))])"#,
    );
    assert_eq!(found, json!([1, true, 1]));
    assert!(sandbox.account().unwrap()["us-east-1"]["network_interfaces"].is_array());
}

#[test]
fn what_takes_no_time_is_refused_by_name() {
    let refused = shared().settle("buckets", Duration::ZERO).unwrap_err();
    assert!(
        refused.contains("roles, functions and interfaces"),
        "{refused}"
    );
}
