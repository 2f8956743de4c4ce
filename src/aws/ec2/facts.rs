//! What the network's expansion has to know of the region: its zones and the
//! prefix lists of the gateway endpoints.

use super::filter;
use crate::aws::clients::Clients;
use crate::aws::error::HandlerResultExt;
use crate::aws::resource_type::Outcome;
use aws_sdk_ec2::types::{AvailabilityZone, ServiceDetail};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The services whose gateway endpoints have prefix lists.
const GATEWAYS: [&str; 2] = ["s3", "dynamodb"];

/// Of a region, for `blueprint::Facts`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkFacts {
    /// The ids of the zones that need no opt-in: first those in which most
    /// services have interface endpoints, since one cannot be put where its
    /// service is not; of equals, in the order of their ids.
    pub zone_ids: Vec<String>,
    /// Of the services with gateway endpoints: `s3` to `pl-63a5400a`.
    pub prefix_list_ids: BTreeMap<String, String>,
}

/// Asks; changes nothing.
pub async fn network_facts(clients: &Clients) -> Outcome<NetworkFacts> {
    let (zones, services, prefix_list_ids) = tokio::try_join!(
        zones(clients),
        endpoint_services(clients),
        prefix_lists(clients)
    )?;
    Ok(NetworkFacts {
        zone_ids: best_first(&zones, &services),
        prefix_list_ids,
    })
}

async fn zones(clients: &Clients) -> Outcome<Vec<AvailabilityZone>> {
    let answer = clients
        .ec2()
        .describe_availability_zones()
        .filters(filter("opt-in-status", "opt-in-not-required"))
        .filters(filter("state", "available"))
        .send()
        .await
        .during("ec2:DescribeAvailabilityZones")?;
    Ok(answer.availability_zones.unwrap_or_default())
}

/// AWS's own services that have interface endpoints here.
async fn endpoint_services(clients: &Clients) -> Outcome<Vec<ServiceDetail>> {
    let mut services = Vec::new();
    let mut next = None;
    loop {
        let answer = clients
            .ec2()
            .describe_vpc_endpoint_services()
            .filters(filter("service-type", "Interface"))
            .set_next_token(next)
            .send()
            .await
            .during("ec2:DescribeVpcEndpointServices")?;
        services.extend(answer.service_details.unwrap_or_default());
        next = answer.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(services);
        }
    }
}

async fn prefix_lists(clients: &Clients) -> Outcome<BTreeMap<String, String>> {
    let service = |name: &str| format!("com.amazonaws.{}.{name}", clients.region());
    let mut names = aws_sdk_ec2::types::Filter::builder().name("prefix-list-name");
    for name in GATEWAYS {
        names = names.values(service(name));
    }
    let answer = clients
        .ec2()
        .describe_prefix_lists()
        .filters(names.build())
        .send()
        .await
        .during("ec2:DescribePrefixLists")?;
    let lists = answer.prefix_lists.unwrap_or_default();
    Ok(GATEWAYS
        .into_iter()
        .filter_map(|name| {
            let wanted = service(name);
            let mut lists = lists.iter();
            let list = lists.find(|list| list.prefix_list_name() == Some(wanted.as_str()))?;
            Some((name.to_owned(), list.prefix_list_id()?.to_owned()))
        })
        .collect())
}

fn best_first(zones: &[AvailabilityZone], services: &[ServiceDetail]) -> Vec<String> {
    let offered = |zone: &AvailabilityZone| {
        let name = zone.zone_name().unwrap_or_default();
        let has = |service: &&ServiceDetail| {
            service.owner() == Some("amazon")
                && service.availability_zones().iter().any(|z| z == name)
        };
        services.iter().filter(has).count()
    };
    let mut ranked: Vec<(Reverse<usize>, &str)> = zones
        .iter()
        .filter_map(|zone| Some((Reverse(offered(zone)), zone.zone_id()?)))
        .collect();
    ranked.sort();
    ranked.into_iter().map(|(_, id)| id.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str, id: &str) -> AvailabilityZone {
        AvailabilityZone::builder()
            .zone_name(name)
            .zone_id(id)
            .build()
    }

    fn service(zones: &[&str]) -> ServiceDetail {
        let zones = zones.iter().map(|zone| (*zone).to_owned()).collect();
        ServiceDetail::builder()
            .owner("amazon")
            .set_availability_zones(Some(zones))
            .build()
    }

    #[test]
    fn zones_that_lack_services_come_last_and_the_rest_in_the_order_of_their_ids() {
        let zones = [
            zone("us-east-1a", "use1-az4"),
            zone("us-east-1b", "use1-az3"),
            zone("us-east-1c", "use1-az1"),
        ];
        let mut services = vec![service(&["us-east-1a", "us-east-1c"]); 4];
        services.push(service(&["us-east-1a", "us-east-1b", "us-east-1c"]));
        assert_eq!(
            best_first(&zones, &services),
            ["use1-az1", "use1-az4", "use1-az3"]
        );
        assert_eq!(
            best_first(&zones, &[]),
            ["use1-az1", "use1-az3", "use1-az4"]
        );
    }
}
