//! An endpoint that is deleted already, or never was, cannot be deleted: AWS
//! answers 200 and lists it in `unsuccessful`, with InvalidVpcEndpointId.NotFound
//! ("DeleteVpcEndpoints" and "Error codes for the Amazon EC2 API"). moto goes
//! on to delete the routes of a gateway endpoint a second time, and refuses the
//! call because there are none (InvalidRoute.NotFound, which AWS never
//! answers to it).

use hyper::body::Bytes;

use super::backend::Backend;
use crate::sandbox::reply::{self, Reply};

pub const NAME: &str = "ec2_deleted_endpoints";

pub async fn refuse(backend: &Backend<'_>) -> Option<Reply> {
    let call = backend.call;
    if !call.is("ec2", &["DeleteVpcEndpoints"]) {
        return None;
    }
    let fields = call.fields();
    let named = fields
        .iter()
        .filter(|(name, _)| name.starts_with("VpcEndpointId."));
    let mut gone = String::new();
    for (_, id) in named {
        if is_there(backend, id).await {
            return None;
        }
        let id = reply::escape(id);
        gone.push_str(&format!(
            "<item><resourceId>{id}</resourceId><error><code>InvalidVpcEndpointId.NotFound</code>\
             <message>The VpcEndpoint Id '{id}' does not exist</message></error></item>"
        ));
    }
    let body = format!(
        "<DeleteVpcEndpointsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
         <requestId>request-id</requestId><unsuccessful>{gone}</unsuccessful></DeleteVpcEndpointsResponse>"
    );
    let mut reply = hyper::Response::new(Bytes::from(body));
    let kind = hyper::header::HeaderValue::from_static("text/xml");
    reply
        .headers_mut()
        .insert(hyper::header::CONTENT_TYPE, kind);
    Some(reply)
}

async fn is_there(backend: &Backend<'_>, id: &str) -> bool {
    let described = [
        ("Action", "DescribeVpcEndpoints"),
        ("Version", "2016-11-15"),
        ("VpcEndpointId.1", id),
    ];
    let reply = backend.query("ec2", &described).await;
    let body = String::from_utf8_lossy(reply.body()).into_owned();
    reply.status().is_success() && reply::element(&body, "state") != Some("deleted")
}
