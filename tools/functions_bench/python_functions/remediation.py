"""Quarantines the instance that a GuardDuty finding is about, and says so."""

import json
import os

import boto3

import audit

ec2 = boto3.client("ec2")
sns = boto3.client("sns")
QUARANTINE = os.environ["QUARANTINE_SECURITY_GROUP_ID"]
TOPIC_ARN = os.environ["TOPIC_ARN"]


def handler(event, context):
    detail = event.get("detail", {})
    finding = detail.get("type", "Unknown")
    instance = detail.get("resource", {}).get("instanceDetails", {}).get("instanceId")
    actions = []
    if instance:
        reservations = ec2.describe_instances(InstanceIds=[instance])["Reservations"]
        for interface in (i for r in reservations for n in r["Instances"] for i in n["NetworkInterfaces"]):
            before = [group["GroupId"] for group in interface["Groups"]]
            ec2.modify_network_interface_attribute(
                NetworkInterfaceId=interface["NetworkInterfaceId"], Groups=[QUARANTINE]
            )
            actions.append({"interface": interface["NetworkInterfaceId"], "groups_before": before})
    audit.write(context, "remediate_finding", instance or "none", "success", {"type": finding, "actions": actions})
    message = {"finding_type": finding, "severity": detail.get("severity", 0), "actions": actions}
    sns.publish(TopicArn=TOPIC_ARN, Subject="GuardDuty finding", Message=json.dumps(message))
    return audit.answer(200, {"message": "Remediation processed", "actions": actions})
