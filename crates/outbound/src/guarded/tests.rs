//! Only what needs the inside: which addresses are public. What is reached is in `tests/guarded.rs`.

use super::*;

#[test]
fn addresses_that_are_not_public_are_refused_in_every_spelling() {
    let client = GuardedClient::new(GuardSettings::default()).unwrap();
    let check = |host: &str| {
        let refused = client.check(&format!("http://{host}/"));
        assert!(matches!(refused, Err(GuardError::Refused { .. })), "{host}: {refused:?}");
    };
    // Loopback, as people who mean harm write it.
    for host in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0x7f.0.0.1",
        "0x7f.1",
        "0177.0.0.1",
        "0177.1",
        "127.255.255.254",
        "127.0.0.1.",
        "127.0.0.1:8080",
        "user:password@127.0.0.1",
        "１２７.0.0.1",
        "127。0。0。1",
        "%31%32%37.0.0.1",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
    ] {
        check(host);
    }
    for host in [
        "0.0.0.0",
        "0",
        "0.1.2.3",
        "[::]",
        "10.0.0.1",
        "10.255.255.255",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "0xc0a80001",
        "3232235521",
        "100.64.0.1",
        "100.127.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "192.88.99.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "[fc00::1]",
        "[fd12:3456:789a::1]",
        "[fe80::1]",
        "[febf::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[2001::1]",
        "[2001:db8::1]",
        "[3fff::1]",
        "[100::1]",
        "[4000::1]",
        "[64:ff9b:1::1]",
        "[64:ff9b::a00:1]",
        "[::ffff:10.0.0.1]",
        "[::ffff:192.168.1.1]",
        "[2002:c0a8:1::]",
        // Metadata of clouds.
        "169.254.169.254",
        "0xa9fea9fe",
        "2852039166",
        "0251.0376.0251.0376",
        "169.254.170.2",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[fd00:ec2::254]",
        "[fd20:ce::254]",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
    ] {
        check(host);
    }
}

#[test]
fn public_addresses_and_names_pass() {
    let client = GuardedClient::new(GuardSettings::default()).unwrap();
    for host in [
        "8.8.8.8",
        "0x08080808",
        "172.15.255.255",
        "172.32.0.1",
        "100.63.255.255",
        "100.128.0.1",
        "169.253.0.1",
        "192.167.0.1",
        "198.17.255.255",
        "223.255.255.255",
        "[2606:4700:4700::1111]",
        "[2a00:1450:4001::1]",
        "[64:ff9b::808:808]",
        "[::ffff:8.8.8.8]",
        "example.org",
        // Whether a name leads anywhere bad is seen when it is looked up.
        "localhost",
    ] {
        assert_eq!(client.check(&format!("https://{host}/hook?key=secret")), Ok(()), "{host}");
    }
}

#[test]
fn only_http_and_https_are_called() {
    let client = GuardedClient::new(GuardSettings::default()).unwrap();
    for url in [
        "file:///etc/passwd",
        "gopher://example.org/_x",
        "ftp://example.org/",
        "unix:/run/docker.sock",
        "data:text/plain,x",
        "javascript:alert(1)",
        "ws://example.org/",
    ] {
        assert!(matches!(client.check(url), Err(GuardError::Scheme { .. })), "{url}");
    }
    for url in
        ["", "example.org", "//example.org", "http://", "http://[::1", "http://1.2.3.4.5/", "http://exa mple.org/"]
    {
        assert!(matches!(client.check(url), Err(GuardError::BadAddress { .. })), "{url}: {:?}", client.check(url));
    }
}
