use crate::support::{client, mark, message};
use foghorn_slack::Retry;
use foghorn_testkit::{FakeSlack, Fault};
use jiff::{SignedDuration, Timestamp};

#[tokio::test]
async fn a_message_that_landed_before_the_connection_was_cut_is_found() {
    let slack = FakeSlack::start().await;
    let client = client(&slack);
    client.auth_test().await.unwrap();
    let before = Timestamp::now();
    slack.fault_on("chat.postMessage", Fault::LandThenCut);
    let error = client.post(FakeSlack::CHANNEL, &message("it broke"), None, &mark("n1")).await.unwrap_err();
    assert!(error.may_have_landed());
    let found = client.find(FakeSlack::CHANNEL, before, "n1").await.unwrap().unwrap();
    let landed = slack.messages(FakeSlack::CHANNEL);
    assert_eq!((landed.len(), &found.ts), (1, &landed[0].ts));
    assert_eq!(client.find(FakeSlack::CHANNEL, before, "n2").await.unwrap(), None);
}

#[tokio::test]
async fn a_message_that_did_not_land_is_not_found() {
    let slack = FakeSlack::start().await;
    let client = client(&slack);
    slack.fault_on("chat.postMessage", Fault::Cut);
    let error = client.post(FakeSlack::CHANNEL, &message("it broke"), None, &mark("n1")).await.unwrap_err();
    assert!(error.may_have_landed());
    assert_eq!(client.find(FakeSlack::CHANNEL, Timestamp::now(), "n1").await.unwrap(), None);
}

#[tokio::test]
async fn a_look_up_reads_page_after_page_and_ends() {
    let slack = FakeSlack::start().await;
    let client = client(&slack);
    let since = Timestamp::now();
    for number in 0..100 {
        client.post(FakeSlack::CHANNEL, &message("x"), None, &mark(&format!("n{number}"))).await.unwrap();
    }
    let pages = |slack: &FakeSlack| slack.calls().iter().filter(|call| *call == "conversations.history").count();
    assert!(client.find(FakeSlack::CHANNEL, since, "n5").await.unwrap().is_some());
    assert_eq!(pages(&slack), 4);
    assert_eq!(client.find(FakeSlack::CHANNEL, since, "none").await.unwrap(), None);
    // What is older than asked for is not read.
    let later = Timestamp::now() + SignedDuration::from_hours(1);
    assert_eq!(client.find(FakeSlack::CHANNEL, later, "n5").await.unwrap(), None);
    assert_eq!(pages(&slack), 9);
}

#[tokio::test]
async fn a_look_up_that_cannot_reach_the_end_says_so() {
    let slack = FakeSlack::start().await;
    let client = client(&slack);
    for number in 0..601 {
        client.post(FakeSlack::CHANNEL, &message("x"), None, &mark(&format!("n{number}"))).await.unwrap();
    }
    let error = client.find(FakeSlack::CHANNEL, Timestamp::UNIX_EPOCH, "n0").await.unwrap_err();
    assert_eq!((error.code(), error.retry()), ("unfinished", Retry::Never));
    slack.fault_on("conversations.history", Fault::Status(500));
    let error = client.find(FakeSlack::CHANNEL, Timestamp::UNIX_EPOCH, "n600").await.unwrap_err();
    assert_eq!(error.code(), "http_500");
}

#[tokio::test]
async fn a_message_in_a_thread_is_found_in_the_thread_alone() {
    let slack = FakeSlack::start().await;
    let client = client(&slack);
    let since = Timestamp::now();
    let parent = client.post(FakeSlack::CHANNEL, &message("it broke"), None, &mark("n1")).await.unwrap();
    let reply = client.post(&parent.channel, &message("more"), Some(&parent.ts), &mark("n2")).await.unwrap();
    assert_eq!(client.find(&parent.channel, since, "n2").await.unwrap(), None);
    assert_eq!(client.find_in_thread(&parent.channel, &parent.ts, since, "n2").await.unwrap(), Some(reply));
    let nowhere = client.find_in_thread(&parent.channel, "1.000001", since, "n2").await.unwrap_err();
    assert_eq!(nowhere.code(), "thread_not_found");
}
