//! Whether an endpoint answers under its service's own name can be changed,
//! and a service of another region reads back with it. moto forgets both. A
//! gateway endpoint answers under no name; moto says it does.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::{Place, place};
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "ec2_endpoint_names";

#[derive(Clone, Default)]
struct Said {
    private_dns: Option<String>,
    region: Option<String>,
}

#[derive(Default)]
pub struct Names(Mutex<BTreeMap<Place, Said>>);

impl Names {
    pub fn correct(&self, call: &Inbound, reply: &Reply) -> Option<Reply> {
        if call.service != "ec2" || !reply.status().is_success() {
            return None;
        }
        let body = String::from_utf8_lossy(reply.body()).into_owned();
        match call.operation.as_str() {
            "CreateVpcEndpoint" => {
                let id = reply::element(&body, "vpcEndpointId")?;
                let region = Some(call.field("ServiceRegion")?);
                super::lock(&self.0)
                    .entry(place(call, id))
                    .or_default()
                    .region = region;
                None
            }
            "ModifyVpcEndpoint" => {
                let id = call.field("VpcEndpointId")?;
                let dns = Some(call.field("PrivateDnsEnabled")?);
                super::lock(&self.0)
                    .entry(place(call, &id))
                    .or_default()
                    .private_dns = dns;
                None
            }
            "DescribeVpcEndpoints" => self.put_back(reply, &body),
            _ => None,
        }
    }

    fn put_back(&self, reply: &Reply, body: &str) -> Option<Reply> {
        const START: &str = "<vpcEndpointId>";
        let mut parts = body.split(START);
        let mut told = parts.next()?.to_owned();
        let said = super::lock(&self.0);
        for part in parts {
            let id = part.split('<').next().unwrap_or_default();
            let known = said.iter().find(|((_, _, known), _)| known == id);
            told += START;
            let mut said = known.map(|(_, said)| said.clone()).unwrap_or_default();
            if part.contains("<vpcEndpointType>Gateway<") {
                said.private_dns = Some("false".to_owned());
            }
            told += &corrected(part, &said);
        }
        (told != body).then(|| reply::with_body(reply.clone(), told))
    }

    pub fn reset(&self) {
        super::lock(&self.0).clear();
    }
}

fn corrected(part: &str, said: &Said) -> String {
    let mut part = part.to_owned();
    if let Some(on) = &said.private_dns {
        for was in ["true", "false"] {
            let was = format!("<privateDnsEnabled>{was}</privateDnsEnabled>");
            let is = format!("<privateDnsEnabled>{on}</privateDnsEnabled>");
            part = part.replace(&was, &is);
        }
    }
    if let Some(region) = &said.region {
        let end = "</vpcEndpointId>";
        let told = format!("{end}<serviceRegion>{region}</serviceRegion>");
        part = part.replacen(end, &told, 1);
    }
    part
}
