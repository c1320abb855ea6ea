//! Server-side request forgery, and inclusion of remote files: addresses where a value belongs.

use crate::attack::rule::{Rule, rule};
use crate::decode::Reach;
use crate::decode::view::View::Plain;
use foghorn_domain::finding::Kind::{Rfi, Ssrf};

const PARAMETER: Reach = Reach::PARAMETER;
const REQUEST: Reach = Reach::REQUEST;

pub(super) const RULES: &[Rule] = &[
    rule("ssrf.cloud_metadata", Ssrf, 0.8, PARAMETER, Plain,
        &["169.254.169.254", "169.254.170.2", "metadata.google.internal", "metadata.packet.net", "100.100.100.200", "192.0.0.192", "instance-data", "meta-data", "metadata/v1", "computemetadata", "metadata.tencentyun", "rancher-metadata", "fd00:ec2", "metadata.azure", "/2018-06-01/runtime"],
        r"169\.254\.(169\.254|170\.2)|metadata\.(google\.internal|packet\.net|tencentyun\.com|azure\.\w+)|//(100\.100\.100\.200|192\.0\.0\.192|instance-data|rancher-metadata|metadata)\b|/latest/(meta-data|user-data|dynamic)|/computemetadata/|/metadata/v1|/hetzner/v1|fd00:ec2::254|/2018-06-01/runtime/",
        "http://169.254.169.254/latest/", "see the meta-data sheet"),
    rule("ssrf.internal_host", Ssrf, 0.55, PARAMETER, Plain,
        &["localhost", "127.", "0.0.0.0", "[::", "[0", "10.", "192.168.", "172.", "localdomain", ".internal", ".local", "//0", "//127", "//::", "//lo"],
        r"(^|[\s=\x22'(,])(https?|ftp|ws|[a-z]{2,10}):/{0,3}\\?/?([^/@\s]*@)?(localhost|127\.\d|127\.?1?[:/]|0\.0\.0\.0|0[:/]|0$|\[::|\[0{0,4}:|10\.\d{1,3}\.\d|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|[\w.-]+\.(internal|localdomain|cluster\.local|local)\b|::1)",
        "http://localhost:8080/admin", "http://10.example.com"),
    rule("ssrf.bare_internal_host", Ssrf, 0.5, PARAMETER, Plain,
        &["localhost", "127.", "0.0.0.0", "docker.internal", "kubernetes", "lvh.me", "localtest.me", "::1", "0177."],
        r"^\s*(//)?(localhost[46]?(\.localdomain\d?)?|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[?::1\]?|(gateway|host|kubernetes)\.docker\.internal|kubernetes(\.\w+)*(\.cluster\.local)?|lvh\.me|localtest\.me)(:\d+)?/", "localhost/", "kubernetes (in action)/"),
    rule("ssrf.odd_number_host", Ssrf, 0.6, PARAMETER, Plain, &["//"],
        r"^\s*[a-z]{2,8}:/{2,3}(\w+@)?(0x[0-9a-f]{6,10}|\d{8,12}|0o?[0-7]{3,12}|o[0-7]{2,4}|(0x[0-9a-f]{1,2}|0o?[0-7]{1,4}|o[0-7]{2,4})\.[0-9a-fox.]+|[\dx]+\.\d{5,9}|\d{3}\.[\d]{4,9}|0x[0-9a-f.]{6,20})([:/?#]|$)",
        "http://2130706433/", "http://12.34.56.78/"),
    rule("ssrf.scheme", Ssrf, 0.6, PARAMETER, Plain,
        &["gopher:", "dict:", "tftp:", "ldap:", "ldaps:", "sftp:", "jar:", "netdoc:", "smb:", "imap:", "pop3:", "ssh2.", "ssh2:"],
        r"(^|[=\s'\x22])(gopher|dict|tftp|ldaps?|sftp|jar|netdoc|smb|imap|pop3)://?\S|^\s*(jar|netdoc):\S|^\s*ssh2\.(exec|sftp|shell|tunnel):", "gopher://h:25/_x", "dict: a word"),
    rule("ssrf.file_scheme", Ssrf, 0.5, PARAMETER, Plain, &["file:"], r"(^|[=\s'\x22])(url:)?file:(//|\\)\S", "file:///etc/passwd", "file: report"),
    rule("ssrf.confused_authority", Ssrf, 0.55, PARAMETER, Plain, &["@"], r"^\s*[a-z]{2,8}://[^/\s]*(\\|#|%23|@[^/\s@]*)@|^\s*https?:[^/\s]{0,3}//?[^/\s]*[\\&#][^/\s]*@[^\s]*|^\s*https?://[^/\s]+&@", "http://1.1.1.1&@2.2.2.2#@3.3.3.3/", "mail me@example.com"),
    rule("ssrf.known_rebinder", Ssrf, 0.7, REQUEST, Plain,
        &["nip.io", "xip.io", "sslip.io", "localtest.me", "lvh.me", "rbndr.us", "1u.ms", "r3dir.me", "burpcollaborator", "oastify.com", "interact.sh", "interactsh", "oast.", "requestbin", "webhook.site", "canarytokens", "ceye.io", "dnslog.cn", "spoofed.burp", "localdomain.pw", "readme.localtest", "bugbounty.dod", "customer1.app.localhost", ".localhost", "vcap.me", "lacolhost"],
        r"(\.|//|@|-)(nip\.io|xip\.io|sslip\.io|localtest\.me|lvh\.me|rbndr\.us|1u\.ms|r3dir\.me|burpcollaborator\.net|oastify\.com|interact\.sh|interactsh\.\w+|oast\.(pro|live|site|online|fun|me)|ceye\.io|dnslog\.cn|localdomain\.pw|vcap\.me|lacolhost\.com|localhost)\b|spoofed\.burp|webhook\.site/\w|requestbin\.\w+/\w|canarytokens\.\w+/\w",
        "http://127.0.0.1.nip.io/", "skip.io fan"),
    rule("ssrf.variable_host", Ssrf, 0.5, PARAMETER, Plain, &["//"], r"^\s*https?://(\$\{\w+\}|\{\{\w+\}\}|\$\w+)", "http://${AWS_API}/x", "https://a.b/${x}"),
    rule("ssrf.redirector", Ssrf, 0.5, PARAMETER, Plain, &["url=", "redirect", "=http", "dest=", "--to/"], r"^\s*https?://[^\s]{3,}([?&/]|--to)(\w*(url|to|target|redirect\w*|dest\w*|next|goto)\b[=/?]+)+(url=)?https?://(localhost|127\.|10\.|192\.168\.|169\.254)", "http://a.b/?url=http://localhost", "https://a.b/?url=https://c.d"),
    rule("ssrf.ipv6_literal", Ssrf, 0.4, PARAMETER, Plain, &["//["], r"^\s*[a-z]{2,8}://\[[0-9a-f:.%\w]+\]", "http://[::ffff:127.0.0.1]", "http://a[1]"),
    rule("rfi.script", Rfi, 0.5, PARAMETER, Plain, &["http", "ftp"],
        r"^\s*(https?|ftps?):(//|\\\\)[^\s?#]{3,}\.(txt|php\d?|phtml|jpe?g|gif|png|inc|dat|asp|jsp|sh|pl)\?+(\s*$|&|%00|\x00)|^\s*(https?|ftps?)://\d+\.\d+\.\d+\.\d+(:\d+)?/[^\s]*\.(txt|php\d?|phtml|inc|sh|exe|pl|elf|bin)\b|^\s*ftps?://[^\s]+\.(txt|php\d?|phtml|inc|sh)\b",
        "http://evil.test/shell.txt?", "https://example.com/a.txt"),
    rule("rfi.ip_address", Rfi, 0.35, PARAMETER, Plain, &["http", "ftp"], r"^\s*(https?|ftps?)://\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(:\d+)?(/|$)", "http://1.2.3.4/x", "see http://1.2.3.4/"),
    rule("rfi.include_wrapper", Rfi, 0.6, PARAMETER, Plain, &["include", "require", "_path", "_config"], r"(include|require)(_once)?\s*\(?\s*['\x22]?(https?|ftp|php|data|file|expect):", "include('http://x')", "include http"),
];
