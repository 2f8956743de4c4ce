# The network. What AWS puts into every account and every VPC is left out: the
# default VPC, and of each VPC the main route table, the default security
# group and the default network ACL.

ec2 = Late("ec2")


def ours(id, x, operation, key):
    """What carries a resource's tags: ids of the network are AWS's."""
    return listed("ec2", operation, key, Filters=[
        {"Name": "tag:tap:pipeline", "Values": [x.pipeline]}, {"Name": "tag:tap:logical-id", "Values": [id]}])


def by_tags(operation, key, name):
    def find(x, id, p):
        found = [item for item in ours(id, x, operation, key) if item.get("State") != "deleted"]
        if len(found) != 1:
            differences.append(f"{id}: {len(found)} of {key} carry its tags")
            return {"Ref": None}
        return {"Ref": found[0][name]}
    return find


for each, (operation, key, name) in {
    "AWS::EC2::VPC": ("describe_vpcs", "Vpcs", "VpcId"),
    "AWS::EC2::Subnet": ("describe_subnets", "Subnets", "SubnetId"),
    "AWS::EC2::RouteTable": ("describe_route_tables", "RouteTables", "RouteTableId"),
    "AWS::EC2::SecurityGroup": ("describe_security_groups", "SecurityGroups", "GroupId"),
    "AWS::EC2::SecurityGroupIngress": ("describe_security_group_rules", "SecurityGroupRules", "SecurityGroupRuleId"),
    "AWS::EC2::NetworkAcl": ("describe_network_acls", "NetworkAcls", "NetworkAclId"),
    "AWS::EC2::VPCEndpoint": ("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    "AWS::EC2::FlowLog": ("describe_flow_logs", "FlowLogs", "FlowLogId"),
}.items():
    IDENTIFY[each] = by_tags(operation, key, name)


def vpc(id):
    return ec2.describe_vpcs(VpcIds=[id])["Vpcs"][0]


def subnet(id):
    return ec2.describe_subnets(SubnetIds=[id])["Subnets"][0]


def route_table(id):
    return ec2.describe_route_tables(RouteTableIds=[id])["RouteTables"][0]


def group(id):
    return ec2.describe_security_groups(GroupIds=[id])["SecurityGroups"][0]


def acl(id):
    return ec2.describe_network_acls(NetworkAclIds=[id])["NetworkAcls"][0]


def endpoint(id):
    return ec2.describe_vpc_endpoints(VpcEndpointIds=[id])["VpcEndpoints"][0]


def flow_log(id):
    return ec2.describe_flow_logs(FlowLogIds=[id])["FlowLogs"][0]


# -- what a region has ---------------------------------------------------------------------

@kind("VPCs")
def vpcs():
    return {v["VpcId"] for v in listed("ec2", "describe_vpcs", "Vpcs") if not v["IsDefault"]}


@kind("subnets")
def subnets():
    return {s["SubnetId"] for s in listed("ec2", "describe_subnets", "Subnets") if s["VpcId"] in vpcs()}


def route_tables_of_their_own():
    tables = listed("ec2", "describe_route_tables", "RouteTables")
    return [t for t in tables if not any(a.get("Main") for a in t["Associations"])]


@kind("route tables")
def route_tables():
    return {t["RouteTableId"] for t in route_tables_of_their_own()}


@kind("route table associations")
def route_table_associations():
    return {(a["RouteTableId"], a["SubnetId"]) for t in route_tables_of_their_own() for a in t["Associations"]}


@kind("security groups")
def security_groups():
    return {g["GroupId"] for g in listed("ec2", "describe_security_groups", "SecurityGroups") if g["GroupName"] != "default"}


def network_acls_of_their_own():
    return [a for a in listed("ec2", "describe_network_acls", "NetworkAcls") if not a["IsDefault"]]


@kind("network ACLs")
def network_acls():
    return {a["NetworkAclId"] for a in network_acls_of_their_own()}


@kind("network ACL entries")
def network_acl_entries():
    # The last one, which denies the rest, is AWS's.
    return {(a["NetworkAclId"], e["Egress"], e["RuleNumber"])
            for a in network_acls_of_their_own() for e in a["Entries"] if e["RuleNumber"] != 32767}


@kind("network ACL associations")
def network_acl_associations():
    return {(a["NetworkAclId"], s["SubnetId"]) for a in network_acls_of_their_own() for s in a["Associations"]}


@kind("VPC endpoints")
def vpc_endpoints():
    gone = ("deleted", "deleting")
    return {e["VpcEndpointId"] for e in listed("ec2", "describe_vpc_endpoints", "VpcEndpoints") if e["State"].lower() not in gone}


@kind("flow logs")
def flow_logs():
    return {f["FlowLogId"] for f in listed("ec2", "describe_flow_logs", "FlowLogs")}


# -- what it is ----------------------------------------------------------------------------

def dns(vpc_id, name):
    return ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute=name[0].lower() + name[1:])[name]["Value"]


def group_rules(group_id):
    return listed("ec2", "describe_security_group_rules", "SecurityGroupRules", Filters=[{"Name": "group-id", "Values": [group_id]}])


def default_group(vpc_id):
    found = listed("ec2", "describe_security_groups", "SecurityGroups", Filters=[
        {"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "group-name", "Values": ["default"]}])
    return found[0]["GroupId"]


@compare("AWS::EC2::VPC")
def compare_vpc(x, id, p):
    ref = x.names[id]["Ref"]
    x.saw("VPCs", ref)
    found = {name: dns(ref, name) for name in ("EnableDnsSupport", "EnableDnsHostnames")}
    differ_by_property(id, p, found | {"CidrBlock": vpc(ref)["CidrBlock"]})
    differ(f"{id}: rules of the default security group", [], group_rules(default_group(ref)))
    x.tags(id, p, tag_map(vpc(ref)["Tags"]))


@compare("AWS::EC2::Subnet")
def compare_subnet(x, id, p):
    ref = x.names[id]["Ref"]
    x.saw("subnets", ref)
    live = subnet(ref)
    differ_by_property(id, p, {name: live[name] for name in ("AvailabilityZoneId", "CidrBlock", "MapPublicIpOnLaunch", "VpcId")})
    x.tags(id, p, tag_map(live["Tags"]))


def routes(table):
    """Those that are neither the VPC's own nor an endpoint's."""
    return [r for r in table["Routes"] if r.get("GatewayId") != "local" and not r.get("GatewayId", "").startswith("vpce-")]


@compare("AWS::EC2::RouteTable")
def compare_route_table(x, id, p):
    ref = x.names[id]["Ref"]
    x.saw("route tables", ref)
    live = route_table(ref)
    differ_by_property(id, p, {"VpcId": live["VpcId"]})
    differ(f"{id}: routes", [], routes(live))
    x.tags(id, p, tag_map(live["Tags"]))


@compare("AWS::EC2::SubnetRouteTableAssociation")
def compare_route_table_association(x, id, p):
    pair = (p["RouteTableId"], p["SubnetId"])
    x.saw("route table associations", pair)
    differ(f"{id}: the subnet's route table", True, pair in x.all("route table associations"))


def group_rule(live):
    """A rule as CloudFormation would write it."""
    peer = "Destination" if live["IsEgress"] else "Source"
    found = {
        "IpProtocol": live["IpProtocol"], "FromPort": live["FromPort"], "ToPort": live["ToPort"],
        "CidrIp": live.get("CidrIpv4"), "CidrIpv6": live.get("CidrIpv6"), "Description": live.get("Description"),
        f"{peer}SecurityGroupId": live.get("ReferencedGroupInfo", {}).get("GroupId"),
        f"{peer}PrefixListId": live.get("PrefixListId"),
    }
    return {name: value for name, value in found.items() if value not in (None, "", -1)}


def inline(rules, egress):
    """In one order; rules with tags of ours stand in the template on their own."""
    found = [group_rule(r) for r in rules if r["IsEgress"] == egress and "tap:logical-id" not in tag_map(r.get("Tags", []))]
    return sorted(found, key=lambda r: json.dumps(r, sort_keys=True))


@compare("AWS::EC2::SecurityGroup")
def compare_security_group(x, id, p):
    ref = x.names[id]["Ref"]
    x.saw("security groups", ref)
    live, in_order = group(ref), lambda rules: sorted(rules, key=lambda r: json.dumps(r, sort_keys=True))
    differ_by_property(
        id, p | {name: in_order(p[name]) for name in ("SecurityGroupIngress", "SecurityGroupEgress")},
        {"GroupDescription": live["Description"], "GroupName": live["GroupName"], "VpcId": live["VpcId"],
         "SecurityGroupIngress": inline(group_rules(ref), False), "SecurityGroupEgress": inline(group_rules(ref), True)})
    on_their_own = {i for i, r in x.resources.items() if r["Type"] == "AWS::EC2::SecurityGroupIngress"}
    tagged = {tag_map(r.get("Tags", [])).get("tap:logical-id") for r in group_rules(ref)}
    differ(f"{id}: rules of other resources", set(), tagged - {None} - on_their_own)
    x.tags(id, p, tag_map(live["Tags"]))


@compare("AWS::EC2::SecurityGroupIngress")
def compare_ingress(x, id, p):
    live = ec2.describe_security_group_rules(SecurityGroupRuleIds=[x.names[id]["Ref"]])["SecurityGroupRules"][0]
    differ(f"{id}: comes in", True, not live["IsEgress"])
    differ_by_property(id, p, group_rule(live) | {"GroupId": live["GroupId"]})


@compare("AWS::EC2::NetworkAcl")
def compare_network_acl(x, id, p):
    ref = x.names[id]["Ref"]
    x.saw("network ACLs", ref)
    differ_by_property(id, p, {"VpcId": acl(ref)["VpcId"]})
    x.tags(id, p, tag_map(acl(ref)["Tags"]))


def entry(acl_id, egress, number):
    return next(e for e in acl(acl_id)["Entries"] if (e["Egress"], e["RuleNumber"]) == (egress, number))


@compare("AWS::EC2::NetworkAclEntry")
def compare_entry(x, id, p):
    key = (p["NetworkAclId"], p["Egress"], p["RuleNumber"])
    x.saw("network ACL entries", key)
    live = entry(*key)
    differ_by_property(id, p, live | {"NetworkAclId": p["NetworkAclId"], "Protocol": int(live["Protocol"])})


@compare("AWS::EC2::SubnetNetworkAclAssociation")
def compare_network_acl_association(x, id, p):
    pair = (p["NetworkAclId"], p["SubnetId"])
    x.saw("network ACL associations", pair)
    differ(f"{id}: the subnet's network ACL", True, pair in x.all("network ACL associations"))


@compare("AWS::EC2::VPCEndpoint")
def compare_endpoint(x, id, p):
    ref = x.names[id]["Ref"]
    x.saw("VPC endpoints", ref)
    live = endpoint(ref)
    in_order = {name: sorted(p.get(name, [])) for name in ("RouteTableIds", "SecurityGroupIds", "SubnetIds")}
    differ_by_property(id, p | in_order | {"PolicyDocument": policy(p["PolicyDocument"])}, {
        "PolicyDocument": policy(json.loads(live["PolicyDocument"])),
        "PrivateDnsEnabled": live.get("PrivateDnsEnabled", False),
        "RouteTableIds": sorted(live.get("RouteTableIds", [])),
        "SecurityGroupIds": sorted(g["GroupId"] for g in live.get("Groups", [])),
        "ServiceName": live["ServiceName"],
        "ServiceRegion": live.get("ServiceRegion") if live.get("ServiceRegion") != region else None,
        "SubnetIds": sorted(live.get("SubnetIds", [])),
        "VpcEndpointType": live["VpcEndpointType"],
        "VpcId": live["VpcId"],
    })
    x.tags(id, p, tag_map(live["Tags"]))


@compare("AWS::EC2::FlowLog")
def compare_flow_log(x, id, p):
    ref = x.names[id]["Ref"]
    x.saw("flow logs", ref)
    live = flow_log(ref)
    # Left out where they are at their defaults, which the template writes out.
    options = {"FileFormat": "plain-text", "HiveCompatiblePartitions": False, "PerHourPartition": False}
    differ_by_property(id, p, {
        "DestinationOptions": options | live.get("DestinationOptions", {}),
        "ResourceType": "VPC" if live["ResourceId"].startswith("vpc-") else None,
    } | {name: live[name] for name in ("LogDestination", "LogDestinationType", "MaxAggregationInterval", "ResourceId", "TrafficType")})
    x.tags(id, p, tag_map(live["Tags"]))


# -- changes -------------------------------------------------------------------------------

def put_network_tags(id, tags):
    ec2.create_tags(Resources=[physical(id)], Tags=listed_tags(tags))


def remove_network_tag(id, key):
    ec2.delete_tags(Resources=[physical(id)], Tags=[{"Key": key}])


def network_tags(look):
    return lambda id: tag_map(look(physical(id))["Tags"])


for each, look in {
    "AWS::EC2::VPC": vpc, "AWS::EC2::Subnet": subnet, "AWS::EC2::RouteTable": route_table,
    "AWS::EC2::SecurityGroup": group, "AWS::EC2::NetworkAcl": acl, "AWS::EC2::VPCEndpoint": endpoint,
    "AWS::EC2::FlowLog": flow_log,
}.items():
    TAG[each] = (put_network_tags, network_tags(look))
    CHANGES[each] = tag_changes(put_network_tags, remove_network_tag, network_tags(look))


def put_dns(name, value):
    return lambda id: ec2.modify_vpc_attribute(VpcId=physical(id), **{name: {"Value": value}})


def open_default_group(id):
    ec2.authorize_security_group_ingress(GroupId=default_group(physical(id)), IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "198.51.100.0/24"}]}])


CHANGES["AWS::EC2::VPC"] += [
    (["EnableDnsHostnames"], put_dns("EnableDnsHostnames", False), lambda id: dns(physical(id), "EnableDnsHostnames")),
    (["EnableDnsSupport"], put_dns("EnableDnsSupport", False), lambda id: dns(physical(id), "EnableDnsSupport")),
    (["DefaultSecurityGroupRules"], open_default_group, lambda id: [group_rule(r) for r in group_rules(default_group(physical(id)))]),
]
def stray_entry(id):
    ec2.create_network_acl_entry(NetworkAclId=physical(id), RuleNumber=1, Protocol="-1", RuleAction="allow",
                                 Egress=False, CidrBlock="0.0.0.0/0")


CHANGES["AWS::EC2::NetworkAcl"] += [
    (["ForeignEntries"], stray_entry, lambda id: sorted((e["Egress"], e["RuleNumber"]) for e in acl(physical(id))["Entries"])),
]
CHANGES["AWS::EC2::Subnet"] += [
    (["MapPublicIpOnLaunch"], lambda id: ec2.modify_subnet_attribute(SubnetId=physical(id), MapPublicIpOnLaunch={"Value": True}),
     lambda id: subnet(physical(id))["MapPublicIpOnLaunch"]),
]


def stray_route(id):
    """To an interface of an endpoint, which goes with the pipeline."""
    table = route_table(physical(id))
    interface = next(n for e in listed("ec2", "describe_vpc_endpoints", "VpcEndpoints")
                     if e["VpcId"] == table["VpcId"] for n in e.get("NetworkInterfaceIds", []))
    ec2.create_route(RouteTableId=physical(id), DestinationCidrBlock="198.51.100.0/24", NetworkInterfaceId=interface)


CHANGES["AWS::EC2::RouteTable"] += [
    (["Routes"], stray_route, lambda id: [r.get("DestinationCidrBlock") for r in routes(route_table(physical(id)))]),
]

# What they connect is all that they are.
CHANGES["AWS::EC2::SubnetRouteTableAssociation"] = []
CHANGES["AWS::EC2::SubnetNetworkAclAssociation"] = []


def rules_of(id):
    return inline(group_rules(physical(id)), False) + inline(group_rules(physical(id)), True)


def let(operation):
    return lambda id: getattr(ec2, operation)(GroupId=physical(id), IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8081, "IpRanges": [{"CidrIp": "198.51.100.0/24"}]}])


def no_way_out(id):
    ids = [r["SecurityGroupRuleId"] for r in group_rules(physical(id)) if r["IsEgress"]]
    ec2.revoke_security_group_egress(GroupId=physical(id), SecurityGroupRuleIds=ids)


CHANGES["AWS::EC2::SecurityGroup"] += [
    (["SecurityGroupIngress"], let("authorize_security_group_ingress"), rules_of),
    (["SecurityGroupEgress"], let("authorize_security_group_egress"), rules_of),
    (lambda id: ["SecurityGroupEgress"] if inline(group_rules(physical(id)), True) else [], no_way_out, rules_of),
]


def ingress(id):
    return group_rule(ec2.describe_security_group_rules(SecurityGroupRuleIds=[physical(id)])["SecurityGroupRules"][0])


def describe_otherwise(id):
    live = ec2.describe_security_group_rules(SecurityGroupRuleIds=[physical(id)])["SecurityGroupRules"][0]
    ec2.update_security_group_rule_descriptions_ingress(
        GroupId=live["GroupId"], SecurityGroupRuleDescriptions=[{"SecurityGroupRuleId": physical(id), "Description": "other"}])


CHANGES["AWS::EC2::SecurityGroupIngress"] = [(["Description"], describe_otherwise, ingress)]


def entry_of(id):
    acl_id, direction, number = physical(id).split("|")
    return entry(acl_id, direction == "egress", int(number))


def replace_entry(**changed):
    def change(id):
        ec2.replace_network_acl_entry(NetworkAclId=physical(id).split("|")[0], **(entry_of(id) | changed))
    return change


def ports(id):
    return entry_of(id).get("PortRange")


CHANGES["AWS::EC2::NetworkAclEntry"] = [
    (["RuleAction"], lambda id: replace_entry(RuleAction="deny" if entry_of(id)["RuleAction"] == "allow" else "allow")(id), entry_of),
    (["CidrBlock"], replace_entry(CidrBlock="198.51.100.0/24"), entry_of),
    (lambda id: ["PortRange.From", "PortRange.To"] if ports(id) else [], replace_entry(PortRange={"From": 7, "To": 9}), entry_of),
    # Without ports there is neither TCP nor UDP.
    (["Protocol"], lambda id: replace_entry(Protocol="17" if ports(id) else "50")(id), entry_of),
]


def endpoint_of(id):
    live = endpoint(physical(id))
    return {
        "policy": policy(json.loads(live["PolicyDocument"])), "name": live.get("PrivateDnsEnabled"),
        "tables": sorted(live.get("RouteTableIds", [])), "subnets": sorted(live.get("SubnetIds", [])),
        "groups": sorted(g["GroupId"] for g in live.get("Groups", []))}


def of_interfaces(*paths):
    return lambda id: list(paths) if endpoint(physical(id))["VpcEndpointType"] == "Interface" else []


def modify_endpoint(**arguments):
    return lambda id: ec2.modify_vpc_endpoint(VpcEndpointId=physical(id), **arguments)


def quarantine(id):
    ec2.modify_vpc_endpoint(VpcEndpointId=physical(id), AddSecurityGroupIds=[physical("QuarantineSecurityGroup")])


def out_of_a_zone(id):
    ec2.modify_vpc_endpoint(VpcEndpointId=physical(id), RemoveSubnetIds=[endpoint(physical(id))["SubnetIds"][-1]])


def off_the_tables(id):
    ec2.modify_vpc_endpoint(VpcEndpointId=physical(id), RemoveRouteTableIds=endpoint(physical(id))["RouteTableIds"])


def everything_through(id):
    live = json.loads(endpoint(physical(id))["PolicyDocument"])
    live["Statement"].append({"Sid": "Stranger", "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "*", "Resource": "*"})
    ec2.modify_vpc_endpoint(VpcEndpointId=physical(id), PolicyDocument=json.dumps(live))


CHANGES["AWS::EC2::VPCEndpoint"] += [
    ([statement_path("+Stranger: Allow * to anybody")], everything_through, endpoint_of),
    (of_interfaces("SecurityGroupIds"), quarantine, endpoint_of),
    (of_interfaces("SubnetIds"), out_of_a_zone, endpoint_of),
    (of_interfaces("PrivateDnsEnabled"), modify_endpoint(PrivateDnsEnabled=False), endpoint_of),
    (lambda id: [] if of_interfaces("x")(id) else ["RouteTableIds"], off_the_tables, endpoint_of),
]


# -- deletions -----------------------------------------------------------------------------

@deletes("AWS::EC2::FlowLog")
def delete_flow_log(id):
    ec2.delete_flow_logs(FlowLogIds=[id])


@deletes("AWS::EC2::VPCEndpoint")
def delete_endpoint(id):
    ec2.delete_vpc_endpoints(VpcEndpointIds=[id])
    for _ in range(100):
        if id not in vpc_endpoints():
            return
        time.sleep(0.1)
    raise Exception(f"{id} does not go")


@deletes("AWS::EC2::SubnetRouteTableAssociation")
def delete_route_table_association(id):
    ec2.disassociate_route_table(AssociationId=id)


@deletes("AWS::EC2::SubnetNetworkAclAssociation")
def delete_network_acl_association(id):
    """A subnet always has an ACL: without another one, that of its VPC."""
    live = next(a for a in network_acls_of_their_own() if id in [s["NetworkAclAssociationId"] for s in a["Associations"]])
    default = listed("ec2", "describe_network_acls", "NetworkAcls", Filters=[
        {"Name": "vpc-id", "Values": [live["VpcId"]]}, {"Name": "default", "Values": ["true"]}])[0]
    ec2.replace_network_acl_association(AssociationId=id, NetworkAclId=default["NetworkAclId"])


@deletes("AWS::EC2::NetworkAclEntry")
def delete_entry(identifier):
    acl_id, direction, number = identifier.split("|")
    ec2.delete_network_acl_entry(NetworkAclId=acl_id, Egress=direction == "egress", RuleNumber=int(number))


@deletes("AWS::EC2::NetworkAcl")
def delete_network_acl(id):
    for association in acl(id)["Associations"]:
        delete_network_acl_association(association["NetworkAclAssociationId"])
    ec2.delete_network_acl(NetworkAclId=id)


@deletes("AWS::EC2::SecurityGroupIngress")
def delete_ingress(id):
    live = ec2.describe_security_group_rules(SecurityGroupRuleIds=[id])["SecurityGroupRules"][0]
    ec2.revoke_security_group_ingress(GroupId=live["GroupId"], SecurityGroupRuleIds=[id])


@deletes("AWS::EC2::SecurityGroup")
def delete_security_group(id):
    """With the rules of other groups that name it, for which AWS would refuse."""
    for live in listed("ec2", "describe_security_group_rules", "SecurityGroupRules"):
        if live.get("ReferencedGroupInfo", {}).get("GroupId") == id:
            revoke = ec2.revoke_security_group_egress if live["IsEgress"] else ec2.revoke_security_group_ingress
            revoke(GroupId=live["GroupId"], SecurityGroupRuleIds=[live["SecurityGroupRuleId"]])
    ec2.delete_security_group(GroupId=id)


@deletes("AWS::EC2::RouteTable")
def delete_route_table(id):
    for association in route_table(id)["Associations"]:
        ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
    ec2.delete_route_table(RouteTableId=id)


@deletes("AWS::EC2::Subnet")
def delete_subnet(id):
    ec2.delete_subnet(SubnetId=id)


@deletes("AWS::EC2::VPC")
def delete_vpc(id):
    ec2.delete_vpc(VpcId=id)
