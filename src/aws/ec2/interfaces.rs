//! Deleting what network interfaces hold. Functions of one subnet and group
//! share interfaces that Lambda keeps for 20 to 45 minutes after the last
//! function is gone, and an endpoint's interfaces outlive it by minutes; until
//! then AWS answers DependencyViolation
//! (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html>).

use super::filter;
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::resource_type::Outcome;
use crate::aws::waiting::Patience;
use crate::engine::{Context, ErrorKind, HandlerError};
use aws_sdk_ec2::types::{NetworkInterface, NetworkInterfaceStatus};

/// How Lambda describes its interfaces, and how AWS those of endpoints.
const LAMBDA: &str = "AWS Lambda VPC ENI";
const ENDPOINT: &str = "VPC Endpoint Interface";

/// What is deleted, and by which filter its interfaces are found.
pub(super) struct Held<'a> {
    /// `the subnet subnet-1`
    pub what: String,
    pub filter: &'static str,
    pub id: &'a str,
}

/// Deletes with `call`. While interfaces of Lambda or of endpoints hold the
/// thing, waits for them and deletes those that Lambda has let go; an
/// interface of anybody else is `Stranger`, since it will not go by itself.
/// Interruption: may be called again at any time.
pub(super) async fn delete_when_free<F>(
    cx: &Context<'_>,
    clients: &Clients,
    held: Held<'_>,
    operation: &str,
    call: impl Fn() -> F,
) -> Outcome<()>
where
    F: Future<Output = Outcome<()>>,
{
    let mut patience = Patience::new();
    let mut noted = String::new();
    loop {
        let refused = match found(call().await) {
            Ok(_) => return Ok(()),
            Err(error) if error.code.as_deref() == Some("DependencyViolation") => error,
            Err(error) => return Err(error),
        };
        let interfaces = holding(clients, &held).await?;
        if interfaces.is_empty() {
            return Err(refused);
        }
        if let Some(stranger) = interfaces.iter().find(|interface| !goes(interface)) {
            let message = format!(
                "{} is in use by {}, which is not this pipeline's: delete that first",
                held.what,
                name(stranger)
            );
            return Err(HandlerError::ours(ErrorKind::Stranger, operation, message));
        }
        let note = waits_for(&held, &interfaces);
        if note != noted {
            cx.note(&note);
            noted = note;
        }
        for interface in &interfaces {
            if is_left_by_lambda(interface) {
                delete(clients, interface).await?;
            }
        }
        patience.pause(cx, operation, &held.what).await?;
    }
}

async fn holding(clients: &Clients, held: &Held<'_>) -> Outcome<Vec<NetworkInterface>> {
    let answer = clients
        .ec2()
        .describe_network_interfaces()
        .filters(filter(held.filter, held.id))
        .send()
        .await
        .during("ec2:DescribeNetworkInterfaces")?;
    Ok(answer.network_interfaces.unwrap_or_default())
}

fn description(interface: &NetworkInterface) -> &str {
    interface.description().unwrap_or_default()
}

/// Whether AWS takes it away in the end.
fn goes(interface: &NetworkInterface) -> bool {
    description(interface).starts_with(LAMBDA) || description(interface).starts_with(ENDPOINT)
}

fn is_left_by_lambda(interface: &NetworkInterface) -> bool {
    interface.status() == Some(&NetworkInterfaceStatus::Available)
        && description(interface).starts_with(LAMBDA)
}

fn name(interface: &NetworkInterface) -> String {
    let id = interface.network_interface_id().unwrap_or("an interface");
    format!("{id} ({:?})", description(interface))
}

fn waits_for(held: &Held<'_>, interfaces: &[NetworkInterface]) -> String {
    let names: Vec<String> = interfaces.iter().map(name).collect();
    format!(
        "{} waits for network interfaces that AWS gives back, which takes up to 45 minutes after \
         the last function is gone: {}",
        held.what,
        names.join(", ")
    )
}

/// Someone may have been quicker, or Lambda may have taken it back.
async fn delete(clients: &Clients, interface: &NetworkInterface) -> Outcome<()> {
    let deleted = clients
        .ec2()
        .delete_network_interface()
        .set_network_interface_id(interface.network_interface_id.clone())
        .send()
        .await
        .during("ec2:DeleteNetworkInterface");
    match found(deleted) {
        Err(error) if error.kind != ErrorKind::Transient => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(description: &str, status: NetworkInterfaceStatus) -> NetworkInterface {
        NetworkInterface::builder()
            .network_interface_id("eni-1")
            .description(description)
            .status(status)
            .build()
    }

    #[test]
    fn only_what_lambda_has_let_go_is_deleted_and_only_what_aws_takes_away_is_waited_for() {
        use NetworkInterfaceStatus::{Available, InUse};
        for (text, status, waited_for, deleted) in [
            ("AWS Lambda VPC ENI-validate-1", Available, true, true),
            ("AWS Lambda VPC ENI-validate-1", InUse, true, false),
            ("VPC Endpoint Interface vpce-1", InUse, true, false),
            ("VPC Endpoint Interface vpce-1", Available, true, false),
            ("bastion", Available, false, false),
        ] {
            let interface = interface(text, status);
            assert_eq!(goes(&interface), waited_for, "{text}");
            assert_eq!(is_left_by_lambda(&interface), deleted, "{text}");
        }
    }

    #[test]
    fn who_waits_is_told_for_what() {
        let held = Held {
            what: "the subnet subnet-1".into(),
            filter: "subnet-id",
            id: "subnet-1",
        };
        let lambda = interface("AWS Lambda VPC ENI-x", NetworkInterfaceStatus::InUse);
        let note = waits_for(&held, &[lambda]);
        assert!(
            note.contains("subnet-1") && note.contains("eni-1") && note.contains("45 minutes"),
            "{note}"
        );
    }
}
