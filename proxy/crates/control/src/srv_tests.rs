use std::net::Ipv4Addr;

use hickory_proto::rr::Record;
use hickory_proto::rr::rdata::SRV;

use super::*;

const HOST: &str = "linkerd-dst-headless.linkerd.svc.cluster.local.";

/// A server that answers one question with these records, after datagrams that do not answer it.
async fn answered(code: ResponseCode, records: &[(u16, u16, &str)]) -> Result<Vec<SocketAddr>, NoInstances> {
    let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = server.local_addr().unwrap();
    let answer = async {
        let mut datagram = [0; 512];
        let (length, client) = server.recv_from(&mut datagram).await.unwrap();
        let asked = Message::from_vec(&datagram[..length]).unwrap();
        let name = asked.queries[0].name().clone();
        assert_eq!((name.to_string().as_str(), asked.queries[0].query_type()), (HOST, RecordType::SRV));
        // The question itself, sent back, is no answer either.
        server.send_to(&datagram[..length], client).await.unwrap();
        for id in [asked.id.wrapping_add(1), asked.id] {
            let mut answer = Message::new(id, MessageType::Response, OpCode::Query);
            answer.queries.clone_from(&asked.queries);
            answer.metadata.response_code = if id == asked.id { code } else { ResponseCode::Refused };
            for (priority, port, target) in records {
                let srv = SRV::new(*priority, 1, *port, Name::from_ascii(target).unwrap());
                answer.add_answer(Record::from_rdata(name.clone(), 5, RData::SRV(srv)));
            }
            server.send_to(&answer.to_vec().unwrap(), client).await.unwrap();
        }
    };
    tokio::join!(ask(addr, HOST.trim_end_matches('.')), answer).0
}

#[tokio::test]
async fn the_instances_of_a_headless_service_are_found_by_priority() {
    let records = [
        (2, 8086, "10-77-0-9.linkerd-dst-headless.linkerd.svc.cluster.local."),
        (1, 8086, "10-77-0-3.linkerd-dst-headless.linkerd.svc.cluster.local."),
        (3, 8087, "fd00-77--3.linkerd-dst-headless.linkerd.svc.cluster.local."),
    ];
    let found = answered(ResponseCode::NoError, &records).await.unwrap();
    let expected = ["10.77.0.3:8086", "10.77.0.9:8086", "[fd00:77::3]:8087"];
    assert_eq!(found, expected.map(|addr| addr.parse().unwrap()));
}

#[tokio::test]
async fn equal_instances_are_tried_in_any_order() {
    let targets: Vec<String> = (1..=8).map(|n| format!("10-77-0-{n}.a.")).collect();
    let records: Vec<_> = targets.iter().map(|target| (1, 80, target.as_str())).collect();
    let mut firsts = Vec::new();
    while firsts.len() < 3 {
        let first = answered(ResponseCode::NoError, &records).await.unwrap()[0];
        if !firsts.contains(&first) {
            firsts.push(first);
        }
    }
}

#[tokio::test]
async fn names_without_such_records_have_no_instances() {
    assert_eq!(answered(ResponseCode::NXDomain, &[]).await, Err(NoInstances::NoRecords));
    assert_eq!(answered(ResponseCode::NoError, &[]).await, Err(NoInstances::NoRecords));
}

#[tokio::test]
async fn records_that_name_no_address_are_of_no_use() {
    for (code, records) in [
        (ResponseCode::NoError, &[(1, 80, "web.example.")][..]),
        (ResponseCode::NoError, &[(1, 80, r"10\.77\.0\.3.example.")]),
        (ResponseCode::ServFail, &[]),
    ] {
        assert!(matches!(answered(code, records).await, Err(NoInstances::Unusable(_))), "{code}");
    }
}

#[test]
fn only_records_of_the_internet_are_read() {
    let mut answer = Message::new(0, MessageType::Response, OpCode::Query);
    let srv = SRV::new(1, 1, 80, Name::from_ascii("10-77-0-3.example.").unwrap());
    let mut record = Record::from_rdata(Name::root(), 5, RData::SRV(srv));
    record.dns_class = DNSClass::CH;
    answer.add_answer(record);
    assert_eq!(read(&answer), Err(NoInstances::NoRecords));
}
