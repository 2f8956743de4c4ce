"""Rules about networks."""

import re

from .frame import many, refers, required, rule

EVERYWHERE = ("0.0.0.0/0", "::/0")
ALL_PROTOCOLS = ("-1", -1)


def spans(first, last, ports):
    """Those of the ports that are in a range; without one, all."""
    if first is None or last is None:
        return list(ports)
    return [port for port in ports if int(first) <= port <= int(last)]


@rule("AWS::EC2::NetworkAcl")
def network_acls_close_ports_of_administration(acl):
    """Whatever an entry before it refuses: scanners look at each by itself."""
    wrong = []
    for entry in acl.template.of("AWS::EC2::NetworkAclEntry"):
        if not refers(entry.at("NetworkAclId"), acl.id) or entry.at("Egress") or entry.at("RuleAction") != "allow":
            continue
        if entry.at("CidrBlock") not in EVERYWHERE and entry.at("Ipv6CidrBlock") not in EVERYWHERE:
            continue
        every = entry.at("Protocol") in ALL_PROTOCOLS
        open_to = spans(None if every else entry.at("PortRange.From"), entry.at("PortRange.To"), (20, 21, 22, 3389))
        wrong += required(not open_to, f"{entry.id} lets everybody in on {open_to}")
    return wrong


@rule("AWS::EC2::NetworkAcl")
def network_acls_are_used(acl):
    associations = acl.template.of("AWS::EC2::SubnetNetworkAclAssociation")
    return required(any(refers(one.at("NetworkAclId"), acl.id) for one in associations), "it is of no subnet")


def group_rules(group, direction):
    """The rules of a security group: its own, and those that stand for themselves."""
    own = many(group.at(f"SecurityGroup{direction}"))
    apart = group.template.of(f"AWS::EC2::SecurityGroup{direction}")
    return own + [one.properties for one in apart if refers(one.at("GroupId"), group.id)]


@rule("AWS::EC2::SecurityGroup")
def security_groups_let_nothing_out_to_everywhere(group):
    # Without a list, everything may go out.
    wrong = required(isinstance(group.at("SecurityGroupEgress"), list), "it does not say what may go out")
    for one in group_rules(group, "Egress"):
        to = [cidr for cidr in (one.get("CidrIp"), one.get("CidrIpv6")) if cidr]
        wrong += required(not any(str(cidr).endswith("/0") for cidr in to), f"egress to {to}")
    return wrong


@rule("AWS::EC2::SecurityGroup")
def security_groups_close_common_ports(group):
    """To anybody, as guard has it: FTP, MySQL, remote desktop and mSQL."""
    wrong = []
    for one in group_rules(group, "Ingress"):
        first = None if one.get("IpProtocol") in ALL_PROTOCOLS else one.get("FromPort")
        open_to = spans(first, one.get("ToPort"), (20, 21, 3306, 3389, 4333))
        wrong += required(not open_to, f"ingress on {open_to}")
    return wrong


@rule("AWS::EC2::SecurityGroup")
def security_groups_are_used(group):
    users = group.template.of("AWS::Lambda::Function", "AWS::EC2::VPCEndpoint")
    groups = [(one.at("VpcConfig.SecurityGroupIds"), one.at("SecurityGroupIds")) for one in users]
    return required(any(refers(list(one), group.id) for one in groups), "it is of no network interface")


def endpoint_rule(service):
    """VPCs have an endpoint of one service, by the last part of its name."""

    def check(vpc):
        endpoints = [one for one in vpc.template.of("AWS::EC2::VPCEndpoint") if refers(one.at("VpcId"), vpc.id)]
        names = [str(one.at("ServiceName")).split(".", 3)[-1] for one in endpoints]
        return required(service in names, f"no endpoint for {service}")

    check.__name__ = "vpcs_have_endpoint_" + re.sub(r"\W", "_", service)
    return rule("AWS::EC2::VPC")(check)


@rule("AWS::EC2::VPC")
def vpcs_log_all_traffic(vpc):
    logs = [one for one in vpc.template.of("AWS::EC2::FlowLog") if refers(one.at("ResourceId"), vpc.id)]
    return required("ALL" in [one.at("TrafficType") for one in logs], "no flow log of all its traffic")


for _service in ("ec2", "ecr.api", "ecr.dkr", "ssm", "ssm-contacts", "ssm-incidents"):
    endpoint_rule(_service)
