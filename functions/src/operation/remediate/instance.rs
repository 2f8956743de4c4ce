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
        stranger: true,
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
    treatment.stranger = !treatment.ours;
    for interface in instance.network_interfaces() {
        let (Some(interface_id), Some(vpc)) =
            (interface.network_interface_id(), interface.vpc_id())
        else {
            continue;
        };
        let quarantine = quarantine_groups(call, vpc).await?;
        let groups: Vec<String> = interface
            .groups()
            .iter()
            .filter_map(|group| group.group_id().map(str::to_owned))
            .collect();
        // Also when it is another of them than the one we would choose.
        if !groups.is_empty() && groups.iter().all(|id| quarantine.closed.contains(id)) {
            continue;
        }
        match quarantine.closed.first() {
            Some(group) => treatment.steps.push(Step::IsolateInterface {
                interface: interface_id.to_owned(),
                groups,
                quarantine: group.clone(),
            }),
            None => treatment.impossible = Some(quarantine.lacking(vpc)),
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

/// The quarantine groups of a VPC: the pipeline's own in its own VPC, and what
/// somebody tagged for it elsewhere.
#[derive(Default)]
struct Quarantine {
    /// Those that let nothing in and nothing out, by name.
    closed: Vec<String>,
    /// Those that say they are for quarantine and have rules nevertheless. AWS
    /// gives every new group one that lets everything out.
    open: Vec<String>,
}

impl Quarantine {
    fn lacking(&self, vpc: &str) -> String {
        match self.open.first() {
            Some(open) => format!(
                "the quarantine group {open} of {vpc} has rules, so it would not cut off; remove them, those for outbound traffic too"
            ),
            None => format!(
                "{vpc} has no quarantine group; create a security group without rules there and tag it {QUARANTINE_TAG}=true"
            ),
        }
    }
}

async fn quarantine_groups(call: &Call<'_>, vpc: &str) -> Result<Quarantine, Failure> {
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
    let mut found = Quarantine::default();
    for group in answer.security_groups() {
        let closed = group.ip_permissions().is_empty() && group.ip_permissions_egress().is_empty();
        let list = if closed {
            &mut found.closed
        } else {
            &mut found.open
        };
        list.extend(group.group_id().map(str::to_owned));
    }
    found.closed.sort_unstable();
    found.open.sort_unstable();
    Ok(found)
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
