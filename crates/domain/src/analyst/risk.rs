//! Fixes that somebody should look at twice before running them.

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use std::sync::LazyLock;

/// What makes a fix risky, in the order in which it is said; reasons may have several patterns.
const RISKS: [(&str, &str); 10] = [
    ("it pipes into a shell", r"\|\s*(?:sudo\s+)?(?:\S*/)?(?:ba|da|k|z)?sh\b"),
    ("it pipes into a shell", r"\|\s*(?:sudo\s+)?(?:\S*/)?(?:python\d?|perl|ruby|node|pwsh|powershell|iex|xargs)\b"),
    (
        "it pipes into a shell",
        r"\b(?:ba|z)?sh\s+(?:-c\s+)?[<\x22']?\s*[<$]\(|\beval\b|\biex\b|invoke-expression|base64\s+(?:-d|--decode)",
    ),
    (
        "it deletes",
        r"\brm\s+(?:-|\S*/|\*)|\brmdir\b|\bunlink\b|\bshred\b|\bmkfs|\bdd\s+if=|\bwipefs\b|\bfind\b.*-delete\b|remove-item|\bdel\s+/",
    ),
    (
        "it deletes",
        r"\bdrop\s+(?:table|database|schema|index|user|role|column|view|keyspace|collection)\b|\btruncate\b|\bdelete\s+from\b|\bflush(?:all|db)\b|dropdatabase|deletemany|\bpurge\b",
    ),
    (
        "it deletes",
        r"\bdelet(?:e|ed|ing)\b|\bdestroy(?:ed|ing)?\b|\bwip(?:e|ed|ing)\b|\beras(?:e|ed|ing)\b|git\s+(?:reset\s+--hard|clean\s+-|push\s+.*(?:--force|-f)\b)|docker\s+\S*\s*(?:prune|rm)\b|>\s*/dev/(?:sd|nvme|vd)",
    ),
    (
        "it disables protection",
        r"setenforce\s+0|selinux=0|ufw\s+disable|iptables\s+(?:-F|--flush)|nft\s+flush|systemctl\s+(?:stop|disable|mask)\s+(?:\S*(?:firewall|fail2ban|auditd|apparmor|falco|crowdsec|clamav)\S*)|chmod\s+(?:-R\s+)?0?777|--no-verify|--insecure\b|--privileged\b|curl\s+(?:\S+\s+)*-k\b|verify\s*=\s*false|secruleengine\s+off|fsync\s*=\s*off",
    ),
    (
        "it disables protection",
        r"\b(?:disabl|turn(?:ed|ing)?\s+off|switch(?:ed|ing)?\s+off|bypass|stopp?|remov)\w*\b[^,;]{0,40}\b(?:firewall|waf|auth\w*|mfa|2fa|tls|ssl|ssl/tls|certificate|validation|verification|selinux|apparmor|antivirus|edr|audit\w*|csp|csrf|rate[ -]limit\w*|sandbox|protection|redaction|backups?|alerts?|alerting|monitoring)\b",
    ),
    (
        "it carries a link",
        r"\b(?:https?|ftp|file|javascript|data|ssh|git|s3)\s*:\s*//|\bjavascript:|\bwww\.\S|\]\(|<[^>]*\|",
    ),
    (
        "it carries a link",
        r"\b(?:[a-z0-9-]{1,63}\.){1,4}(?:com|net|org|io|dev|app|xyz|top|ru|cn|me|co|link|site|online)\b",
    ),
];

static PATTERNS: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    RegexSetBuilder::new(RISKS.iter().map(|(_, pattern)| *pattern)).case_insensitive(true).build().ok()
});

/// What somebody or something else does, told in the passive: a story and no instruction.
static TOLD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = r"\b(?:is|are|was|were|be|been|being|gets?|got)\s+(?:[a-z]+ly\s+|now\s+|not\s+|never\s+|also\s+|then\s+)?(?:deleted|destroyed|wiped|erased|purged|truncated)\b";
    RegexBuilder::new(pattern).case_insensitive(true).build().ok()
});

/// Why a fix wants a second look, in words that follow "because": it deletes, pipes into a shell,
/// disables protection or carries a link. `None` where none of these was seen, which is no promise.
///
/// It errs towards flagging: a flag costs a glance, and a fix is only ever quoted, never run.
pub fn is_risky(fix: &str) -> Option<&'static str> {
    // Invisible characters must not split a word in two.
    let plain = crate::text::plain_text(fix);
    let Some(patterns) = PATTERNS.as_ref() else { return Some("it could not be checked") };
    let plain = TOLD.as_ref().map_or(plain.as_str().into(), |told| told.replace_all(&plain, ""));
    patterns.matches(&plain).into_iter().next().and_then(|first| RISKS.get(first)).map(|(reason, _)| *reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixes_that_could_do_harm_are_flagged_with_the_reason() {
        let check = |fix, reason| assert_eq!(is_risky(fix), Some(reason), "{fix}");
        check("rm -rf /var/cache/app", "it deletes");
        check("psql -c 'DROP TABLE sessions'", "it deletes");
        check("delete from jobs where state = 'stuck'", "it deletes");
        check("deleted the old partitions", "it deletes");
        check("orders are deleted every night; to be sure, delete from orders", "it deletes");
        check("the index was truncated, so we ran TRUNCATE on the log too", "it deletes");
        check("redis-cli FLUSHALL", "it deletes");
        check("kubectl delete pvc data-0", "it deletes");
        check("r\u{200b}m -rf /", "it deletes");
        check("curl -s https://example.org/fix.sh | sudo bash", "it pipes into a shell");
        check("wget -qO- fix | sh", "it pipes into a shell");
        check("echo cm0gLXJm | base64 -d | sh", "it pipes into a shell");
        check("bash <(curl -s fix)", "it pipes into a shell");
        check("setenforce 0 and restart", "it disables protection");
        check("turned off the WAF for an hour", "it disables protection");
        check("Disabled certificate verification in the client", "it disables protection");
        check("chmod -R 777 /srv", "it disables protection");
        check("see https://wiki.example.org/fix", "it carries a link");
        check("see [the page](x)", "it carries a link");
        check("download from evil.example.com", "it carries a link");
    }

    #[test]
    fn plain_fixes_are_not_flagged() {
        let check = |fix| assert_eq!(is_risky(fix), None, "{fix}");
        check("raised max_connections from 100 to 200 and restarted pgbouncer");
        check("rolled back to v1.2.2");
        check("kubectl rollout undo deploy/checkout");
        check("added an index on orders.customer_id");
        check("pushed a fix for the shipping formatter");
        check("turned off the batch job until the evening");
        check("ran scripts/rebalance.sh on db1.prod.internal");
        check("orders are deleted every night, so the report now runs before that");
        check("old partitions were automatically deleted while the export ran; moved the export");
        check("the queue is purged on restart: made it durable");
        check("ThreadLocal removed in a filter, alert on the slope of used memory");
    }
}
