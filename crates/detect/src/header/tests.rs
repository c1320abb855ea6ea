use super::*;

/// Line, then message, time (UTC, empty for none), host, program and level word.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const CASES: &[Case] = &[
    // syslog
    (
        "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for ana",
        "'su root' failed for ana",
        "",
        "mymachine",
        "su",
        "",
    ),
    (
        "<165>1 2003-10-11T22:14:15.003Z host.example evntslog 42 ID47 [x@1 a=\"b\"] An event",
        "An event",
        "2003-10-11T22:14:15.003Z",
        "host.example",
        "evntslog",
        "",
    ),
    (
        "<34>1 2003-10-11T22:14:15.003Z h su - ID47 - \u{feff}failed",
        "failed",
        "2003-10-11T22:14:15.003Z",
        "h",
        "su",
        "",
    ),
    (
        "Jun  4 15:16:01 combo sshd(pam_unix)[19939]: check pass; user unknown",
        "check pass; user unknown",
        "",
        "combo",
        "sshd",
        "",
    ),
    ("Jun 14 15:16:01 combo kernel: usb 1-1: new device", "usb 1-1: new device", "", "combo", "kernel", ""),
    ("Jun 14 15:16:01 combo syslogd 1.4.1: restart.", "restart.", "", "combo", "syslogd", ""),
    (
        "Dec 10 06:55:46 LabSZ sshd[1]: error: Received disconnect",
        "error: Received disconnect",
        "",
        "LabSZ",
        "sshd",
        "error",
    ),
    ("Dec 10 06:55:46 web1 app[1]: ERROR cannot open", "cannot open", "", "web1", "app", "ERROR"),
    ("2024-05-01T10:00:00.5+02:00 web1 nginx[77]: started", "started", "2024-05-01T08:00:00.5Z", "web1", "nginx", ""),
    (
        "Jul 10 16:01:43 mac com.apple.cts[258]: com.apple.x: scheduler",
        "com.apple.x: scheduler",
        "",
        "mac",
        "com.apple.cts",
        "",
    ),
    // web servers
    (
        "[Sun Dec 04 04:47:44 2005] [error] mod_jk child in error state 6",
        "mod_jk child in error state 6",
        "2005-12-04T04:47:44Z",
        "",
        "",
        "error",
    ),
    (
        "[Sun Dec 04 04:47:44 2005] [error] [client 1.2.3.4] Directory index forbidden",
        "[client 1.2.3.4] Directory index forbidden",
        "2005-12-04T04:47:44Z",
        "",
        "",
        "error",
    ),
    (
        "[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 35708:tid 4328636416] [client 72.15.99.187] File does not exist: /x",
        "[client 72.15.99.187] File does not exist: /x",
        "2011-09-09T10:42:29.902022Z",
        "",
        "core",
        "error",
    ),
    (
        "2024/01/02 12:00:00 [error] 1234#0: *5 connect() failed",
        "*5 connect() failed",
        "2024-01-02T12:00:00Z",
        "",
        "",
        "error",
    ),
    (
        "127.0.0.1 - ana [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 2326",
        "\"GET / HTTP/1.0\" 200 2326",
        "2000-10-10T20:55:36Z",
        "",
        "",
        "",
    ),
    // Java
    (
        "2015-10-18 18:01:47,978 INFO [main] org.apache.hadoop.MRAppMaster: Created it",
        "Created it",
        "2015-10-18T18:01:47.978Z",
        "",
        "org.apache.hadoop.MRAppMaster",
        "INFO",
    ),
    (
        "2024-01-02T12:00:00.123Z  WARN 1234 --- [nio-8080-exec-1] c.example.Shop  : slow",
        "slow",
        "2024-01-02T12:00:00.123Z",
        "",
        "c.example.Shop",
        "WARN",
    ),
    ("12:00:00.123 [main] ERROR com.example.Shop - gone", "gone", "", "", "com.example.Shop", "ERROR"),
    (
        "2024-01-02 12:00:00 ERROR java.lang.IllegalStateException: no",
        "java.lang.IllegalStateException: no",
        "2024-01-02T12:00:00Z",
        "",
        "",
        "ERROR",
    ),
    (
        "2015-07-29 17:41:44,747 - INFO  [QuorumPeer[myid=1]/0:0:0:0:0:0:0:0:2181:FastLeaderElection@774] - Notification time out: 3200",
        "Notification time out: 3200",
        "2015-07-29T17:41:44.747Z",
        "",
        "",
        "INFO",
    ),
    (
        "17/06/09 20:10:40 INFO executor.Backend: Registered signal",
        "Registered signal",
        "2017-06-09T20:10:40Z",
        "",
        "executor.Backend",
        "INFO",
    ),
    (
        "01-Jan-2024 12:00:00.123 SEVERE [main] org.apache.catalina.Startup.load failed",
        "org.apache.catalina.Startup.load failed",
        "2024-01-01T12:00:00.123Z",
        "",
        "",
        "SEVERE",
    ),
    // Python
    (
        "2024-01-02 12:00:00,123 - shop.cart - ERROR - no stock",
        "no stock",
        "2024-01-02T12:00:00.123Z",
        "",
        "shop.cart",
        "ERROR",
    ),
    ("ERROR:root:no stock", "no stock", "", "", "root", "ERROR"),
    (
        "[2024-01-02 12:00:00,123] ERROR in app: Exception on /cart",
        "Exception on /cart",
        "2024-01-02T12:00:00.123Z",
        "",
        "app",
        "ERROR",
    ),
    ("[2024-01-02 12:00:00 +0000] [7] [INFO] Booting worker", "Booting worker", "2024-01-02T12:00:00Z", "", "", "INFO"),
    // Go, Kubernetes, Rust, Ruby
    ("E0102 03:04:05.678901    1234 reflector.go:123] failed to list", "failed to list", "", "", "reflector.go", "E"),
    ("2024/01/02 12:00:00 http: Server closed", "http: Server closed", "2024-01-02T12:00:00Z", "", "", ""),
    (
        "2024-01-02T12:00:00.123456789Z stderr F panic: boom",
        "panic: boom",
        "2024-01-02T12:00:00.123456789Z",
        "",
        "",
        "panic",
    ),
    ("2024-01-02T12:00:00.1Z  INFO shop::db: connected", "connected", "2024-01-02T12:00:00.1Z", "", "shop::db", "INFO"),
    (
        "E, [2024-01-02T12:00:00.123456 #1234] ERROR -- : no stock",
        "no stock",
        "2024-01-02T12:00:00.123456Z",
        "",
        "",
        "ERROR",
    ),
    // databases
    (
        "2024-01-02 12:00:00.123 UTC [1234] app@shop ERROR:  deadlock detected",
        "deadlock detected",
        "2024-01-02T12:00:00.123Z",
        "",
        "",
        "ERROR",
    ),
    (
        "2024-01-02 12:00:00.123 UTC [1234] LOG:  checkpoint starting",
        "checkpoint starting",
        "2024-01-02T12:00:00.123Z",
        "",
        "",
        "LOG",
    ),
    (
        "2024-01-02T12:00:00.123456Z 0 [ERROR] [MY-000123] [Server] Aborting",
        "Aborting",
        "2024-01-02T12:00:00.123456Z",
        "",
        "",
        "ERROR",
    ),
    (
        "1234:M 01 Jan 2024 12:00:00.123 * Ready to accept connections",
        "Ready to accept connections",
        "2024-01-01T12:00:00.123Z",
        "",
        "",
        "",
    ),
    // phones, super computers, clouds
    ("03-17 16:13:38.811  1702  2395 D WindowManager: app wtoken = 1", "app wtoken = 1", "", "", "WindowManager", "D"),
    ("E/ActivityManager( 123): ANR in com.example", "ANR in com.example", "", "", "ActivityManager", "E"),
    (
        "- 1117838570 2005.06.03 R02-M1-N0-C:J12-U11 2005-06-03-15.42.50.675872 R02-M1-N0-C:J12-U11 RAS KERNEL FATAL data TLB error",
        "data TLB error",
        "2005-06-03T22:42:50Z",
        "",
        "",
        "FATAL",
    ),
    (
        "081109 203615 148 INFO dfs.DataNode$PacketResponder: terminating",
        "terminating",
        "2008-11-09T20:36:15Z",
        "",
        "dfs.DataNode$PacketResponder",
        "INFO",
    ),
    (
        "nova-api.log.1 2017-05-16 00:00:00.008 25746 INFO nova.wsgi [req-1 a b - - -] 10.1.1.1 \"GET /\"",
        "10.1.1.1 \"GET /\"",
        "2017-05-16T00:00:00.008Z",
        "",
        "nova.wsgi",
        "INFO",
    ),
    (
        "2016-09-28 04:30:30, Info                  CBS    Loaded Servicing Stack",
        "CBS    Loaded Servicing Stack",
        "2016-09-28T04:30:30Z",
        "",
        "",
        "Info",
    ),
    ("web-1  | 2024-01-02 12:00:00 ERROR no stock", "no stock", "2024-01-02T12:00:00Z", "", "", "ERROR"),
    ("[ 1234.567890] Out of memory: Killed process 7", "Out of memory: Killed process 7", "", "", "", ""),
    (
        "- 1131566461 2005.11.09 dn228 Nov 9 12:01:01 dn228/dn228 crond(pam_unix)[2915]: session closed",
        "session closed",
        "2005-11-09T20:01:01Z",
        "dn228/dn228",
        "crond",
        "",
    ),
    (
        "20171223-22:15:29:606|Step_LSC|30002312|onStandStepChanged 3579",
        "Step_LSC|30002312|onStandStepChanged 3579",
        "2017-12-23T22:15:29.606Z",
        "",
        "",
        "",
    ),
    ("[10.30 16:49:06] chrome.exe - proxy.example:5070 open", "chrome.exe - proxy.example:5070 open", "", "", "", ""),
    // structured
    (
        r#"{"time":"2024-01-02T12:00:00Z","level":"error","msg":"no stock","host":"web1","logger":"cart"}"#,
        "no stock",
        "2024-01-02T12:00:00Z",
        "web1",
        "cart",
        "error",
    ),
    (
        r#"{"ts":1704196800.5,"severity":"WARNING","message":"a \"b\"\nc"}"#,
        "a \"b\"\nc",
        "2024-01-02T12:00:00Z",
        "",
        "",
        "WARNING",
    ),
    (
        r#"{"t":{"$date":"2024-01-02T12:00:00.000+00:00"},"s":"E","c":"NETWORK","msg":"refused"}"#,
        "refused",
        "2024-01-02T12:00:00Z",
        "",
        "",
        "E",
    ),
    (
        r#"{"log":"2024-01-02 12:00:00 ERROR no stock\n","stream":"stderr"}"#,
        "no stock",
        "2024-01-02T12:00:00Z",
        "",
        "",
        "",
    ),
    (
        r#"{"_HOSTNAME":"web1","SYSLOG_IDENTIFIER":"sshd","PRIORITY":"3","MESSAGE":"bye"}"#,
        "bye",
        "",
        "web1",
        "sshd",
        "3",
    ),
    (
        r#"time="2024-01-02T12:00:00Z" level=warning msg="no \"stock\"" host=web1"#,
        "no \"stock\"",
        "2024-01-02T12:00:00Z",
        "web1",
        "",
        "warning",
    ),
    (
        "ts=2024-01-02T12:00:00.5Z caller=cart.go:12 level=error msg=gone err=\"dial tcp\"",
        "gone",
        "2024-01-02T12:00:00.5Z",
        "",
        "cart.go:12",
        "error",
    ),
    // no header
    ("ERROR Database connection timeout", "Database connection timeout", "", "", "", "ERROR"),
    ("[WARN] disk nearly full", "disk nearly full", "", "", "", "WARN"),
    ("error connecting to orders-db:5432", "error connecting to orders-db:5432", "", "", "", ""),
    ("Errors: 5 of 7", "Errors: 5 of 7", "", "", "", ""),
    ("user=ana did something", "user=ana did something", "", "", "", ""),
    ("{\"no\": \"message\"}", "{\"no\": \"message\"}", "", "", "", ""),
    ("12 monkeys arrived", "12 monkeys arrived", "", "", "", ""),
    ("", "", "", "", "", ""),
];

#[test]
fn the_common_formats_are_taken_apart() {
    let mut wrong = Vec::new();
    for (line, message, time, host, program, level) in CASES {
        let got = parse(line);
        let time_text = got.timestamp.map(|at| at.to_string()).unwrap_or_default();
        let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
        let got = [got.message.into_owned(), time_text, text(got.host), text(got.program), text(got.level_word)];
        if got != [*message, *time, *host, *program, *level].map(str::to_owned) {
            wrong.push(format!("{line}\n   got {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn levels_are_read_as_severities() {
    let check = |line, expected| assert_eq!(parse(line).level, expected, "{line}");
    check("<34>Oct 11 22:14:15 mymachine su: failed", Some(Severity::Critical));
    check("<38>Oct 11 22:14:15 mymachine su: opened", Some(Severity::Info));
    check("Dec 10 06:55:46 web1 app[1]: WARNING: low", Some(Severity::Warning));
    check("2024-01-02 12:00:00 FATAL gone", Some(Severity::Critical));
    check("E0102 03:04:05.678901    1234 a.go:1] failed", Some(Severity::Error));
    check(r#"{"level":50,"msg":"gone"}"#, Some(Severity::Error));
    check(r#"{"log":"ERROR gone\n"}"#, Some(Severity::Error));
    check(r#"{"level":"loud","msg":"gone"}"#, None);
    check("plain words", None);
}

#[test]
fn a_message_keeps_its_further_lines() {
    let line = "2024-01-02 12:00:00 ERROR com.example.Shop - failed\njava.lang.Error: x\n\tat a.B.c(B.java:1)";
    assert_eq!(parse(line).message, "failed\njava.lang.Error: x\n\tat a.B.c(B.java:1)");
}

#[test]
fn any_front_part_and_any_damage_is_read_without_panic() {
    let damage = ["", "\u{0}", "é", "[", "]", "\"", "{", "<", "9999999999", " ", ":", "=", "\u{feff}"];
    for (line, ..) in CASES {
        for (at, _) in line.char_indices() {
            for piece in damage {
                let text = format!(
                    "{}{piece}{}",
                    &line[..at],
                    &line[at + usize::from(at % 2 == 0 && line.is_char_boundary(at + 1))..]
                );
                let header = parse(&text);
                assert!(header.message.len() <= text.len());
                parse(&line[at..]);
            }
        }
    }
    for text in [
        "[".repeat(100_000),
        "(".repeat(100_000),
        "{\"a\":".repeat(50_000),
        "a=".repeat(100_000),
        "2024-".repeat(50_000),
    ] {
        parse(&text);
    }
}
