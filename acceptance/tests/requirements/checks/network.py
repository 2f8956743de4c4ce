"""Network (VPC)."""

import json

from frame import ACCOUNT, condition_keys, equal, expect, many, statements

GATEWAYS = ("s3", "dynamodb")


def _subnets(x):
    return x.client("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [x.physical("Vpc")]}])["Subnets"]


def _in_vpc(x, operation, key, filter="vpc-id"):
    return getattr(x.client("ec2"), operation)(Filters=[{"Name": filter, "Values": [x.physical("Vpc")]}])[key]


def _route_tables(x):
    """Those of the subnets."""
    tables = _in_vpc(x, "describe_route_tables", "RouteTables")
    return [t for t in tables if any(a.get("SubnetId") for a in t["Associations"])]


def _endpoints(x, kind):
    """By service, such as s3 or secretsmanager."""
    found = [e for e in _in_vpc(x, "describe_vpc_endpoints", "VpcEndpoints") if e["VpcEndpointType"] == kind]
    return {e["ServiceName"].split(".")[-1]: e for e in found}


def _rules(x, group):
    return x.client("ec2").describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [x.physical(group)]}])["SecurityGroupRules"]


def r019(x):
    """VPC over 3 availability zones"""
    zones = {s["AvailabilityZoneId"] for s in _subnets(x)}
    equal(len(zones), 3, "the number of zones")
    return ", ".join(sorted(zones))


def r020(x):
    """Private subnets only, no public IP on launch"""
    expect(_subnets(x), "there is no subnet")
    public = [s["SubnetId"] for s in _subnets(x) if s["MapPublicIpOnLaunch"]]
    expect(not public, f"public: {public}")
    return f"{len(_subnets(x))} subnets, MapPublicIpOnLaunch is false"


def r021(x):
    """No internet gateway, no NAT, no default route"""
    expect(not _in_vpc(x, "describe_internet_gateways", "InternetGateways", "attachment.vpc-id"), "an internet gateway is attached")
    nat = x.client("ec2").describe_nat_gateways(Filters=[{"Name": "vpc-id", "Values": [x.physical("Vpc")]}])["NatGateways"]
    expect(not nat, "there is a NAT gateway")
    routes = [r for t in _in_vpc(x, "describe_route_tables", "RouteTables") for r in t["Routes"]]
    expect(routes, "there is no route")
    default = [r for r in routes if r.get("DestinationCidrBlock") == "0.0.0.0/0" or r.get("DestinationIpv6CidrBlock") == "::/0"]
    expect(not default, f"default routes: {default}")
    return f"none, and {len(routes)} routes of which none is a default route"


def _gateway(x, service):
    endpoint = _endpoints(x, "Gateway").get(service)
    expect(endpoint, f"no gateway endpoint for {service}")
    tables = {t["RouteTableId"] for t in _route_tables(x)}
    expect(tables and tables <= set(endpoint["RouteTableIds"]), f"not on {tables - set(endpoint['RouteTableIds'])}")
    return f"{endpoint['VpcEndpointId']} on {len(tables)} route tables"


def r022(x):
    """Gateway endpoint for S3 on all route tables"""
    return _gateway(x, "s3")


def r023(x):
    """DynamoDB endpoint"""
    return _gateway(x, "dynamodb")


def r024(x):
    """Interface endpoints for what the functions call"""
    found = set(_endpoints(x, "Interface"))
    asked = {"lambda", "secretsmanager", "kms", "logs"}
    # What the policies allow the functions to call, they must be able to reach.
    services = {a.split(":")[0] for role in map(x.role_of, ("validate", "encrypt", "scan", "remediate", "rotate", "evaluate")) for s in x.allowed(role) for a in many(s["Action"])}
    # Lambda itself, from outside of the VPC, sends traces and what failed.
    elsewhere = {"xray", "sqs", *GATEWAYS}
    called = {"monitoring" if s == "cloudwatch" else s for s in services - elsewhere}
    missing = (asked | called) - found
    expect(not missing, f"missing: {sorted(missing)}; there are {sorted(found)}")
    return ", ".join(sorted(found))


def r025(x):
    """Endpoints: private DNS, 443 from the function group only, a policy limited to this account or pipeline"""
    interface, gateway = _endpoints(x, "Interface"), _endpoints(x, "Gateway")
    expect(interface, "there is no interface endpoint")
    group, roles = x.physical("EndpointSecurityGroup"), {function["Role"] for function in x.functions().values()}
    for service, endpoint in interface.items():
        expect(endpoint["PrivateDnsEnabled"], f"{service} has no private DNS")
        equal([g["GroupId"] for g in endpoint["Groups"]], [group], f"the groups of {service}")
    for service, endpoint in (interface | gateway).items():
        expect(statements(endpoint["PolicyDocument"], "Allow"), f"the policy of {service} allows nothing")
        for statement in statements(endpoint["PolicyDocument"], "Allow"):
            condition = statement["Condition"]
            who = set(many(condition.get("ArnEquals", {}).get("aws:PrincipalArn", [])))
            expect(who and who <= roles, f"the policy of {service} is open to {sorted(who - roles) or 'everybody'}")
            for keys, key in (("StringEquals", "aws:PrincipalAccount"), ("StringEqualsIfExists", "aws:ResourceAccount")):
                equal(condition.get(keys, {}).get(key), ACCOUNT, f"{key} of {service}")
    ingress = [r for r in _rules(x, "EndpointSecurityGroup") if not r["IsEgress"]]
    for rule in ingress:
        equal((rule["IpProtocol"], rule["FromPort"], rule["ToPort"], rule.get("ReferencedGroupInfo", {}).get("GroupId")), ("tcp", 443, 443, x.physical("FunctionSecurityGroup")), "who may reach the endpoints")
    equal(len(ingress), 1, "the number of ingress rules")
    return f"{len(interface)} interface and {len(gateway)} gateway endpoints, one ingress rule"


def r026(x):
    """Function group: no ingress; egress 443 to endpoints and prefix lists only"""
    rules = _rules(x, "FunctionSecurityGroup")
    expect(not [r for r in rules if not r["IsEgress"]], "it has ingress rules")
    to = []
    for rule in rules:
        equal((rule["IpProtocol"], rule["FromPort"], rule["ToPort"]), ("tcp", 443, 443), "an egress rule")
        to.append(rule.get("ReferencedGroupInfo", {}).get("GroupId") or rule.get("PrefixListId"))
    expect(all(to) and x.physical("EndpointSecurityGroup") in to, f"egress goes to {to}")
    equal(len(to), 3, "the number of egress rules")
    return "egress to the endpoint group and the prefix lists of S3 and DynamoDB"


def r027(x):
    """Explicit deny of all but required ports"""
    subnets = {s["SubnetId"] for s in _subnets(x)}
    acls = [a for a in _in_vpc(x, "describe_network_acls", "NetworkAcls") if not a["IsDefault"]]
    covered = {s["SubnetId"] for a in acls for s in a["Associations"]}
    expect(subnets and subnets <= covered, f"under the default ACL: {subnets - covered}")
    ports = set()
    for acl in acls:
        for entry in acl["Entries"]:
            if entry["RuleAction"] == "allow":
                expect(entry["Protocol"] == "6", f"rule {entry['RuleNumber']} allows protocol {entry['Protocol']}")
                ports.add((entry["PortRange"]["From"], entry["PortRange"]["To"]))
    expect(ports and all(p == (443, 443) or p[0] >= 1024 for p in ports), f"ports {sorted(ports)}")
    denied = [e["RuleNumber"] for acl in acls for e in acl["Entries"] if e["RuleAction"] == "deny"]
    # Each ACL ends with one of AWS's own.
    expect(set(denied) - {32767}, "nothing is denied explicitly")
    return f"{len(subnets)} subnets under a network ACL that allows TCP {sorted(ports)} and denies the rest"


def r028(x):
    """Default security group has no rules"""
    groups = [g for g in _in_vpc(x, "describe_security_groups", "SecurityGroups") if g["GroupName"] == "default"]
    equal(len(groups), 1, "the number of default groups")
    equal((groups[0]["IpPermissions"], groups[0]["IpPermissionsEgress"]), ([], []), "its rules")
    return f"{groups[0]['GroupId']} has neither ingress nor egress"


def r029(x):
    """VPC flow logs, all traffic, to an S3 bucket"""
    logs = x.client("ec2").describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [x.physical("Vpc")]}])["FlowLogs"]
    equal(len(logs), 1, "the number of flow logs")
    equal((logs[0]["TrafficType"], logs[0]["LogDestinationType"]), ("ALL", "s3"), "what is logged where")
    expect(logs[0]["LogDestination"].startswith(f"arn:aws:s3:::{x.buckets()['logs']}/flow-logs"), logs[0]["LogDestination"])
    return logs[0]["LogDestination"]


def r030(x):
    """Endpoint ids exported"""
    live = {e["VpcEndpointId"] for kind in ("Interface", "Gateway") for e in _endpoints(x, kind).values()}
    exported = x.state.get("vpc_endpoint_ids") or {}
    equal(set(exported.values()), live, "vpc_endpoint_ids")
    return f"vpc_endpoint_ids has {len(live)}: {', '.join(sorted(exported))}"


def r031(x):
    """Functions reach data through this VPC only"""
    vpc = x.physical("Vpc")
    for operation in ("validate", "encrypt", "scan"):
        denials = [s for s in x.denied(x.role_of(operation)) if vpc in json.dumps(s.get("Condition")) and "aws:sourcevpc" in condition_keys(s)]
        expect(denials, f"{operation} may use its data from anywhere")
    return f"validate, encrypt and scan are denied their data unless aws:SourceVpc is {vpc}; R021 and R026 leave no way out"
