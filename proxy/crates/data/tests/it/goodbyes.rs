//! Servers that say goodbye on one connection after the other, and leave requests out that were under way (RFC 9113, 6.8).

use http::{Response, StatusCode};

use crate::support::calls::{Caller, Calls, read};
use crate::support::exchange::post;
use crate::support::ways::{ALL, Way, Ways};
use crate::support::{frames, run};

/// More than any other reason for another try would allow, with two proxies.
const GOODBYES: usize = 8;
/// More connections than one request may cost.
const TOO_MANY: usize = 50;

#[test]
fn a_request_goes_on_until_a_connection_takes_it() {
    run(async {
        for way in ALL {
            let ways = Ways::new().await;
            let caller = Caller::to(ways.through(way)).await;
            let (response, mut upload) = caller.call(post("/"), false).await;
            upload.send_data("once".into(), true).unwrap();
            for _ in 0..GOODBYES {
                drop(frames::leave_out(ways.program.next().await).await);
            }
            let mut calls = Calls::over(ways.program.next().await).await;
            let (mut request, mut respond) = calls.next().await;
            assert_eq!(read(request.body_mut()).await.unwrap(), b"once", "{way:?}");
            respond.send_response(Response::new(()), true).unwrap();
            assert_eq!(response.await.unwrap().status(), StatusCode::OK, "{way:?}");
        }
    });
}

#[test]
fn a_server_that_never_takes_anything_is_not_asked_for_ever() {
    run(async {
        for way in ALL {
            let ways = Ways::new().await;
            let caller = Caller::to(ways.through(way)).await;
            let (response, _) = caller.call(post("/"), true).await;
            let mut asked = 0;
            let leaving = async {
                loop {
                    drop(frames::leave_out(ways.program.next().await).await);
                    asked += 1;
                    assert!(asked < TOO_MANY, "{way:?}");
                }
            };
            tokio::select! {
                answer = response => match way {
                    // Whoever is not in the mesh hears that nobody took it.
                    Way::Inbound => assert!(answer.is_err_and(|error| error.is_reset())),
                    Way::Both | Way::Outbound => assert_eq!(answer.unwrap().status(), StatusCode::BAD_GATEWAY),
                },
                () = leaving => {}
            }
        }
    });
}
