//! One X-Ray subsegment per operation, beneath the segment that Lambda itself
//! writes when active tracing is on. The SDK passes the trace header on.
//!
//! The daemon's protocol: a header line and the segment document in one UDP
//! datagram (<https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html>).

use serde_json::json;
use sha2::{Digest, Sha256};
use std::net::UdpSocket;
use std::time::{SystemTime, UNIX_EPOCH};

const HEADER: &str = "{\"format\":\"json\",\"version\":1}\n";

/// Sends it, when the invocation is sampled and there is a daemon. Losing one
/// is no failure: tracing is not auditing.
pub fn subsegment(trace: Option<&str>, name: &str, began: SystemTime, failed: bool) {
    let daemon = std::env::var("AWS_XRAY_DAEMON_ADDRESS").ok();
    let (Some(trace), Some(daemon)) = (trace, daemon) else {
        return;
    };
    let Some(datagram) = compose(trace, name, began, SystemTime::now(), failed) else {
        return;
    };
    if let Ok(socket) = UdpSocket::bind("0.0.0.0:0") {
        let _ = socket.send_to(datagram.as_bytes(), daemon);
    }
}

/// `trace` is the tracing header: `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`.
fn compose(
    trace: &str,
    name: &str,
    began: SystemTime,
    ended: SystemTime,
    failed: bool,
) -> Option<String> {
    let part = |wanted: &str| {
        trace
            .split(';')
            .filter_map(|part| part.trim().split_once('='))
            .find_map(|(name, value)| (name == wanted).then_some(value))
    };
    if part("Sampled") != Some("1") {
        return None;
    }
    let (root, parent) = (part("Root")?, part("Parent")?);
    let seconds = |at: SystemTime| Some(at.duration_since(UNIX_EPOCH).ok()?.as_secs_f64());
    let digest = Sha256::digest(format!("{root}{parent}{name}{:?}", began).as_bytes());
    let id: String = digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let segment = json!({
        "name": name, "id": id, "trace_id": root, "parent_id": parent, "type": "subsegment",
        "start_time": seconds(began)?, "end_time": seconds(ended)?, "fault": failed,
    });
    Some(format!("{HEADER}{segment}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_sampled_trace_has_a_subsegment_and_another_none() {
        let began = UNIX_EPOCH + Duration::from_millis(1500);
        let ended = began + Duration::from_secs(1);
        let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let datagram = compose(trace, "scan", began, ended, false).unwrap();
        let (header, segment) = datagram.split_once('\n').unwrap();
        assert_eq!(header, r#"{"format":"json","version":1}"#);
        let segment: serde_json::Value = serde_json::from_str(segment).unwrap();
        assert_eq!(segment["parent_id"], "53995c3f42cd8ad8");
        assert_eq!(segment["id"].as_str().unwrap().len(), 16);
        assert_eq!(
            (&segment["start_time"], &segment["end_time"]),
            (&1.5.into(), &2.5.into())
        );
        for other in ["Root=1-2-3;Parent=4;Sampled=0", "Root=1-2-3", ""] {
            assert_eq!(compose(other, "scan", began, ended, false), None);
        }
    }
}
