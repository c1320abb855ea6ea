//! What the guarded client reaches, against a real server on loopback.

use foghorn_outbound::guarded::{GuardError, GuardSettings, GuardedClient, Resolve};
use foghorn_outbound::{Retry, SendError};
use foghorn_testkit::hooks::{HookServer, Scripted};
use reqwest::dns::{Addrs, Name, Resolving};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::process::Command;

/// Says what each name is, a different thing each time where it has several.
struct Names {
    answers: Vec<(&'static str, Vec<Vec<&'static str>>)>,
    asked: AtomicUsize,
}

impl Names {
    fn new(answers: Vec<(&'static str, Vec<Vec<&'static str>>)>) -> Arc<Self> {
        Arc::new(Self { answers, asked: AtomicUsize::new(0) })
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        let found = self.answers.iter().find(|(known, _)| *known == name.as_str());
        let answer: Result<Vec<SocketAddr>, String> = match found {
            Some((_, turns)) => {
                let addresses = &turns[turn.min(turns.len() - 1)];
                Ok(addresses.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0)).collect())
            }
            None => Err("no such host".to_owned()),
        };
        Box::pin(async move { Ok(Box::new(answer?.into_iter()) as Addrs) })
    }
}

fn settings(allow: &[&str]) -> GuardSettings {
    GuardSettings { allow: allow.iter().map(|entry| (*entry).to_owned()).collect(), ..GuardSettings::default() }
}

fn client(allow: &[&str]) -> GuardedClient {
    GuardedClient::new(settings(allow)).unwrap()
}

async fn post(client: &GuardedClient, url: &str) -> Result<u16, GuardError> {
    client.post(url, HeaderMap::new(), b"{}".to_vec()).await.map(|answer| answer.status.as_u16())
}

#[tokio::test]
async fn a_neighbour_is_not_called_unless_it_is_allowed() {
    let server = HookServer::start().await;
    let refused = post(&client(&[]), &server.url("/hook")).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "127.0.0.1 is not called: 127.0.0.1 is loopback; where that is wanted, the operator allows the host by name"
    );
    assert!(server.requests().is_empty());
    assert_eq!(post(&client(&["127.0.0.1"]), &server.url("/hook")).await, Ok(202));
    assert_eq!(post(&client(&["127.0.0.0/8"]), &server.url("/hook")).await, Ok(202));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_name_that_leads_to_a_neighbour_is_refused_when_it_is_looked_up() {
    let server = HookServer::start().await;
    let port = server.address().port();
    // `localhost` is looked up by the system itself.
    let refused = post(&client(&[]), &format!("http://localhost:{port}/")).await;
    assert!(matches!(refused, Err(GuardError::Refused { why: "loopback", .. })), "{refused:?}");
    let names = Names::new(vec![
        ("inside.example.org", vec![vec!["127.0.0.1"]]),
        ("six.example.org", vec![vec!["::1"]]),
        ("mapped.example.org", vec![vec!["::ffff:127.0.0.1"]]),
        ("metadata.example.org", vec![vec!["169.254.169.254"]]),
        ("many.example.org", vec![vec!["10.0.0.1", "192.168.0.1", "fd00::1"]]),
        ("empty.example.org", vec![vec![]]),
    ]);
    let guarded = GuardedClient::with_resolver(settings(&[]), names).unwrap();
    for host in ["inside", "six", "mapped", "metadata", "many"] {
        let refused = post(&guarded, &format!("http://{host}.example.org:{port}/")).await;
        assert!(matches!(refused, Err(GuardError::Refused { .. })), "{host}: {refused:?}");
    }
    for host in ["empty", "unknown"] {
        let unknown = post(&guarded, &format!("http://{host}.example.org:{port}/")).await;
        assert!(matches!(unknown, Err(GuardError::UnknownHost { .. })), "{host}: {unknown:?}");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn an_allowed_name_is_called_wherever_it_leads() {
    let server = HookServer::start().await;
    let names = Names::new(vec![("hooks.corp.example", vec![vec!["127.0.0.1"]])]);
    let guarded = GuardedClient::with_resolver(settings(&["hooks.corp.example"]), names).unwrap();
    let port = server.address().port();
    assert_eq!(post(&guarded, &format!("http://hooks.corp.example:{port}/")).await, Ok(202));
    assert_eq!(post(&guarded, &format!("http://HOOKS.corp.example:{port}/")).await, Ok(202));
}

/// A process reads its environment as it begins, so the test before this one is run again in another.
#[tokio::test]
async fn no_proxy_is_taken_from_the_environment() {
    let proxy = HookServer::start().await;
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "guarded::an_allowed_name_is_called_wherever_it_leads"]);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        again.env(name, proxy.url(""));
    }
    let ran = again.env_remove("no_proxy").env_remove("NO_PROXY").output().await.unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
    assert!(proxy.requests().is_empty(), "{:?}", proxy.requests());
}

#[tokio::test]
async fn of_a_names_addresses_only_those_that_may_be_reached_are_tried() {
    let server = HookServer::start().await;
    // 127.0.0.1 alone is allowed; the server listens there, and the first address is refused.
    let names = Names::new(vec![("both.example.org", vec![vec!["10.0.0.1", "127.0.0.1"]])]);
    let guarded = GuardedClient::with_resolver(settings(&["127.0.0.1"]), names).unwrap();
    assert_eq!(post(&guarded, &format!("http://both.example.org:{}/", server.address().port())).await, Ok(202));
}

#[tokio::test]
async fn a_name_that_changes_its_mind_is_checked_at_each_look() {
    let server = HookServer::with_script([Scripted::retry_after(429, "1")]).await;
    let names = Names::new(vec![("rebinds.example.org", vec![vec!["127.0.0.1"], vec!["127.0.0.2"]])]);
    let asked = Arc::clone(&names);
    let guarded = GuardedClient::with_resolver(settings(&["127.0.0.1"]), names).unwrap();
    let url = format!("http://rebinds.example.org:{}/", server.address().port());
    assert_eq!(post(&guarded, &url).await, Ok(429));
    assert_eq!(asked.asked.load(Ordering::SeqCst), 1, "what was checked is what was connected to: one look");
    // A client of its own has no connection left over, so that the name is looked up again.
    let again = GuardedClient::with_resolver(settings(&["127.0.0.1"]), asked).unwrap();
    let refused = post(&again, &url).await;
    assert!(matches!(refused, Err(GuardError::Refused { .. })), "{refused:?}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn every_hop_of_a_redirect_is_checked() {
    let check = async |to: &str, refused: fn(&GuardError) -> bool| {
        let server = HookServer::with_script([Scripted::redirect(307, to)]).await;
        let error = post(&client(&["127.0.0.1"]), &server.url("/hook")).await.unwrap_err();
        assert!(refused(&error), "{to}: {error:?}");
        assert_eq!(server.requests().len(), 1, "{to}");
    };
    let refused: fn(&GuardError) -> bool = |error| matches!(error, GuardError::Refused { .. });
    check("http://169.254.169.254/latest/meta-data/", refused).await;
    check("http://127.0.0.2/", refused).await;
    check("//10.0.0.1/", refused).await;
    check("http://[::1]/", refused).await;
    check("http://0x7f.2/", refused).await;
    check("http://localhost.localdomain.invalid/", |error| matches!(error, GuardError::UnknownHost { .. })).await;
    check("file:///etc/passwd", |error| matches!(error, GuardError::Scheme { .. })).await;
    check("http://", |error| matches!(error, GuardError::BadAddress { .. })).await;
}

#[tokio::test]
async fn a_redirect_that_keeps_the_body_is_followed_and_no_other() {
    for status in [307, 308] {
        let server = HookServer::with_script([Scripted::redirect(status, "/new")]).await;
        assert_eq!(post(&client(&["127.0.0.1"]), &server.url("/old")).await, Ok(202), "{status}");
        let requests = server.requests();
        assert_eq!((requests[1].uri.path(), requests[1].method.as_str()), ("/new", "POST"), "{status}");
        assert_eq!(requests[1].body, "{}", "{status}");
    }
    for status in [300, 301, 302, 303, 304] {
        let server = HookServer::with_script([Scripted::redirect(status, "/new")]).await;
        assert_eq!(post(&client(&["127.0.0.1"]), &server.url("/old")).await, Ok(status), "{status}");
        assert_eq!(server.requests().len(), 1, "{status}");
    }
    let server = HookServer::with_script([Scripted::redirect(302, "/new")]).await;
    let answer = client(&["127.0.0.1"]).get(&server.url("/old"), HeaderMap::new()).await.unwrap();
    assert_eq!(answer.status.as_u16(), 202, "a GET has no body to lose");
}

#[tokio::test]
async fn redirects_end() {
    let server = HookServer::with_script((0..10).map(|_| Scripted::redirect(307, "/round"))).await;
    let error = post(&client(&["127.0.0.1"]), &server.url("/round")).await.unwrap_err();
    assert_eq!(error, GuardError::TooManyRedirects { limit: 3 });
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_log_in_stays_with_its_host() {
    let other = HookServer::start().await;
    let server =
        HookServer::with_script([Scripted::redirect(307, other.url("/")), Scripted::redirect(307, "/same")]).await;
    let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Bearer secret"))]);
    let client = client(&["127.0.0.1"]);
    client.post(&server.url("/"), headers.clone(), Vec::new()).await.unwrap();
    assert_eq!(other.requests()[0].header("authorization"), "");
    client.post(&server.url("/"), headers, Vec::new()).await.unwrap();
    assert_eq!(server.requests()[2].header("authorization"), "Bearer secret");
}

#[tokio::test]
async fn an_answer_without_end_is_read_up_to_the_bound() {
    let server = HookServer::with_script([Scripted::Flood, Scripted::body(200, "x".repeat(1000))]).await;
    let bounded = GuardSettings { max_answer_bytes: 1000, ..settings(&["127.0.0.1"]) };
    let client = GuardedClient::new(bounded).unwrap();
    let answer = client.get(&server.url("/"), HeaderMap::new()).await.unwrap();
    assert_eq!((answer.body.len(), answer.cut), (1000, true));
    let answer = client.get(&server.url("/"), HeaderMap::new()).await.unwrap();
    assert_eq!((answer.body.len(), answer.cut), (1000, false));
}

#[tokio::test]
async fn an_answer_that_breaks_off_keeps_its_status() {
    let server = HookServer::with_script([Scripted::BreakOff]).await;
    let answer = client(&["127.0.0.1"]).get(&server.url("/"), HeaderMap::new()).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.cut), (200, true));
}

#[tokio::test]
async fn silence_and_broken_connections_may_have_landed_and_closed_doors_have_not() {
    let short = GuardSettings { answer_within: Duration::from_millis(200), ..settings(&["127.0.0.1"]) };
    let hasty = GuardedClient::new(short).unwrap();
    let client = client(&["127.0.0.1"]);
    let server = HookServer::with_script([Scripted::Hang, Scripted::HangUp]).await;
    let check = |error: GuardError, code: &str, may_have_landed: bool| {
        let error = SendError::from(error);
        assert_eq!((error.code.as_str(), error.may_have_landed), (code, may_have_landed), "{error}");
        assert_eq!(error.retry, Retry::Backoff);
    };
    check(post(&hasty, &server.url("/")).await.unwrap_err(), "deadline", true);
    check(post(&client, &server.url("/")).await.unwrap_err(), "interrupted", true);
    let closed = server.url("/");
    let port = server.address();
    drop(server);
    // The port is free again once the server's task is gone.
    while tokio::net::TcpStream::connect(port).await.is_ok() {
        tokio::task::yield_now().await;
    }
    check(post(&client, &closed).await.unwrap_err(), "unreachable", false);
}

#[tokio::test]
async fn errors_name_the_host_and_no_more_of_an_address() {
    let server = HookServer::with_script([Scripted::HangUp]).await;
    let secret = format!("http://user:hunter2@{}/T0/B0/hunter2?key=hunter2", server.address());
    let guarded = client(&["127.0.0.1"]);
    for error in [
        post(&guarded, &secret).await.unwrap_err(),
        post(&client(&[]), &secret).await.unwrap_err(),
        post(&guarded, "http://user:hunter2@nowhere.invalid/hunter2").await.unwrap_err(),
        post(&guarded, "hunter2://x/hunter2").await.map_err(|_| GuardError::TooManyRedirects { limit: 0 }).unwrap_err(),
    ] {
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}
