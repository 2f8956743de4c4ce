//! An EC2 instance is cut off: each of its network interfaces keeps the
//! quarantine group alone. The groups before are kept in a tag, in front of
//! the change.

use super::step::Step;
use super::{PIPELINE_TAG, Treatment};
use crate::error::Failure;
use crate::operation::Call;
use aws_sdk_ec2::types::{Filter, Instance, Tag};

/// The interface's groups before, separated by spaces.
pub const GROUPS_TAG: &str = "tap:previous-security-groups";
/// A group of any VPC that says of itself that it is for quarantine.
const QUARANTINE_TAG: &str = "tap:quarantine";
/// EC2's limit for a tag's value
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html>).
const LONGEST_TAG: usize = 256;

pub async fn treatment(call: &Call<'_>, id: &str) -> Result<Treatment, Failure> {
    let mut treatment = Treatment {
        target: id.to_owned(),
        ours: false,
        steps: Vec::new(),
        impossible: None,
    };
    let Some(instance) = describe(call, id).await? else {
        treatment.impossible = Some("the instance is gone".to_owned());
        return Ok(treatment);
    };
    treatment.ours = instance.tags().iter().any(|tag| {
        tag.key() == Some(PIPELINE_TAG) && tag.value() == Some(call.settings.pipeline.as_str())
    });
    for interface in instance.network_interfaces() {
        let (Some(interface_id), Some(vpc)) =
            (interface.network_interface_id(), interface.vpc_id())
        else {
            continue;
        };
        let Some(quarantine) = quarantine_group(call, vpc).await? else {
            treatment.impossible = Some(format!(
                "{vpc} has no quarantine group; create a security group without rules there and tag it {QUARANTINE_TAG}=true"
            ));
            continue;
        };
        let groups: Vec<String> = interface
            .groups()
            .iter()
            .filter_map(|group| group.group_id().map(str::to_owned))
            .collect();
        if groups != [quarantine.as_str()] {
            treatment.steps.push(Step::IsolateInterface {
                interface: interface_id.to_owned(),
                groups,
                quarantine,
            });
        }
    }
    Ok(treatment)
}

async fn describe(call: &Call<'_>, id: &str) -> Result<Option<Instance>, Failure> {
    let answer = call
        .clients
        .ec2()
        .describe_instances()
        .instance_ids(id)
        .send()
        .await;
    match answer {
        Ok(answer) => Ok(answer
            .reservations
            .unwrap_or_default()
            .into_iter()
            .flat_map(|reservation| reservation.instances.unwrap_or_default())
            .next()),
        Err(error) => {
            let failure = Failure::aws("ec2:DescribeInstances", id, error);
            match failure.code() {
                Some("InvalidInstanceID.NotFound") => Ok(None),
                _ => Err(failure),
            }
        }
    }
}

/// The quarantine group of a VPC: the pipeline's own in its own VPC, and what
/// somebody tagged for it elsewhere.
async fn quarantine_group(call: &Call<'_>, vpc: &str) -> Result<Option<String>, Failure> {
    let filter = |name: &str, value: &str| Filter::builder().name(name).values(value).build();
    let answer = call
        .clients
        .ec2()
        .describe_security_groups()
        .filters(filter("vpc-id", vpc))
        .filters(filter(&format!("tag:{QUARANTINE_TAG}"), "true"))
        .send()
        .await
        .map_err(|error| Failure::aws("ec2:DescribeSecurityGroups", vpc, error))?;
    let mut groups: Vec<&str> = answer
        .security_groups()
        .iter()
        .filter_map(|group| group.group_id())
        .collect();
    groups.sort_unstable();
    Ok(groups.first().map(|id| (*id).to_owned()))
}

pub async fn isolate(
    call: &Call<'_>,
    interface: &str,
    groups: &[String],
    quarantine: &str,
) -> Result<(), Failure> {
    let ec2 = call.clients.ec2();
    let list = groups.join(" ");
    // Sixteen groups do not fit; then the audit row alone has them.
    if list.len() <= LONGEST_TAG {
        let tag = Tag::builder().key(GROUPS_TAG).value(list).build();
        ec2.create_tags()
            .resources(interface)
            .tags(tag)
            .send()
            .await
            .map_err(|error| Failure::aws("ec2:CreateTags", interface, error))?;
    }
    ec2.modify_network_interface_attribute()
        .network_interface_id(interface)
        .groups(quarantine)
        .send()
        .await
        .map_err(|error| Failure::aws("ec2:ModifyNetworkInterfaceAttribute", interface, error))?;
    Ok(())
}
