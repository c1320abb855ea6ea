//! Database trouble: what servers, drivers and pools say when a database does not answer, refuses,
//! is exhausted, locked or full. The sentences are those of PostgreSQL, MySQL and MariaDB, SQL Server,
//! Oracle, MongoDB, Redis and their usual drivers.

use crate::attack::engine::Match;
use crate::attack::rule::{Rule, rule};
use crate::decode::Reach;
use crate::decode::view::View::Plain;
use crate::level::Stated;
use crate::tally::Tally;
use foghorn_domain::finding::Kind::{DbIssue, DbTimeout};
use foghorn_domain::severity::Severity;

const LOG: Reach = Reach::LOG;

/// What database trouble sounds like.
pub(crate) const RULES: &[Rule] = &[
    rule(
        "db.timeout_words",
        DbTimeout,
        0.75,
        LOG,
        Plain,
        &["timeout", "timed out", "time out", "timed-out", "time-out"],
        r"\b(database|db|sql|query|queries|postgres(ql)?|mysql|mariadb|mongo(db)?|redis|oracle|sqlserver|mssql|cassandra|jdbc|hikari\w*|pgbouncer|sequelize|knex|sqlalchemy|datasource|statement|transaction)\b.*\b(tim(ed|e)?[ -]?out|timeouts?)\b|\b(tim(ed|e)?[ -]?out|timeouts?)\b.*\b(database|\bdb\b|sql|query|queries|postgres(ql)?|mysql|mariadb|mongo(db)?|redis|oracle|connection pool|from pool)\b",
        "Database connection timeout after 30000ms",
        "read timeout = 5",
    ),
    rule(
        "db.statement_timeout",
        DbTimeout,
        0.85,
        LOG,
        Plain,
        &[
            "statement timeout",
            "lock timeout",
            "idle-session timeout",
            "idle-in-transaction",
            "due to timeout",
            "user request",
            "lock wait timeout",
            "execution timeout",
            "timeout expired",
            "max_execution_time",
            "max_statement_time",
            "timeout reading",
            "timeout writing",
            "wait timed out",
            "took too long",
        ],
        r"canceling \w+( \w+)? due to (statement timeout|lock timeout|timeout|user request)|(terminating|cancell?ing) .*(timeout)|lock wait timeout exceeded|query execution was interrupted.*(max|timeout)|(execution )?timeout expired.*(prior to completion|operation|server)|got timeout (reading|writing) communication|wait timed out|rolled back.{0,20}took too long",
        "canceling statement due to statement timeout",
        "statement timeout is set",
    ),
    rule(
        "db.driver_timeout",
        DbTimeout,
        0.8,
        LOG,
        Plain,
        &[
            "querytimeout",
            "sqltimeout",
            "mongoserverselection",
            "mongonetworktimeout",
            "sockettimeout",
            "queuepool",
            "hikaripool",
            "connection is not available",
            "ora-12170",
            "ora-02049",
            "ora-12535",
            "ora-01013",
            "pool timeout",
            "knextimeout",
            "sequelizeconnectiona",
            "etimedout",
            "p2024",
            "redistimeout",
            "operationtimedout",
            "readtimeoutexception",
            "writetimeoutexception",
            "connecttimeoutexception",
            "2013",
            "55p03",
            "57014",
            "1222",
        ],
        r"querytimeoutexception|sqltimeoutexception|mongo(serverselection|networktimeout|timeout)\w*|queuepool limit|hikaripool-\d+ - connection is not available|connection is not available, request timed out|ora-(12170|02049|12535|01013|12537)|knextimeouterror|sequelizeconnectionacquiretimeout|redis(command)?timeout\w*|(read|write|connect|operation)timed?out\w*.*(cassandra|replica|node|host)|p2024|sqlstate\[?(57014|55p03|hyt00|hyt01)|error 1222\b|etimedout.*(:5432|:3306|:27017|:6379|:1433|:1521)",
        "HikariPool-1 - Connection is not available, request timed out after 30000ms.",
        "HikariPool-1 - Start completed.",
    ),
    rule(
        "db.slow_query",
        DbIssue,
        0.45,
        LOG,
        Plain,
        &["slow query", "slow_query", "long-running query", "long running query", "query_time"],
        r"slow query\b.*(\d|:|took|detected)|long[- ]running (query|transaction).*\d|query_time: [1-9]\d",
        "slow query detected: 12 s",
        "slow_query_log = on",
    ),
    rule(
        "db.deadlock",
        DbIssue,
        0.8,
        LOG,
        Plain,
        &[
            "deadlock",
            "lock not available",
            "could not obtain lock",
            "could not serialize",
            "sqlite_busy",
            "database is locked",
            "ora-00060",
            "metadata lock",
            "40p01",
            "40001",
            "lock request",
        ],
        r"deadlock (was |has been )?(detected|found|victim|encountered|occurr?ed)|deadlocked on|\brbdeadlock|chosen as the deadlock victim|lock not available|could not obtain lock|could not serialize access|sqlite_busy|database (table )?is locked|ora-00060|waiting for (table )?metadata lock|sqlstate\[?40(p01|001)|transaction.*deadlock\b",
        "ERROR:  deadlock detected",
        "deadlock checker ready: 0 found",
    ),
    rule(
        "db.too_many_connections",
        DbIssue,
        0.85,
        LOG,
        Plain,
        &[
            "too many connections",
            "too many clients",
            "connection slots",
            "connection limit",
            "pool exhausted",
            "pool is exhausted",
            "pool exhaust",
            "pool error",
            "no more connections",
            "max_user_connections",
            "maxclients",
            "max number of clients",
            "ora-00020",
            "ora-00018",
            "ora-12516",
            "ora-12519",
            "ora-12520",
            "max_connections",
            "no available connection",
            "connection pool is full",
            "server_login_retry",
            "toomanyconnections",
        ],
        r"too many connections|too many clients|connection slots are reserved|connection limit exceeded|(connection )?pool (is |was )?(exhaust|full|empty)\w*|no (more|available|free) connections?\b|max_user_connections|max number of clients reached|ora-(00020|00018|12516|12519|12520)|exceeded.*max_connections|max_connections.{0,20}(reached|exceeded)|toomanyconnections",
        "FATAL: sorry, too many clients already",
        "max_connections = 100",
    ),
    rule(
        "db.refused",
        DbIssue,
        0.75,
        LOG,
        Plain,
        &[
            "could not connect",
            "unable to connect",
            "can't connect",
            "cannot connect",
            "error connecting",
            "failed to connect",
            "connection refused",
            "communications link failure",
            "econnrefused",
            "lost connection",
            "connection lost",
            "server has gone away",
            "connection terminated",
            "connection to server",
            "not accept",
            "no pg_hba",
            "connect to database",
            "connection to database",
            "database connection",
            "db connection",
            "ora-12541",
            "ora-03113",
            "ora-03114",
            "ora-12514",
            "ora-12154",
            "ora-01034",
            "connection was killed",
            "networkexception",
            "mongonetworkerror",
            "connection reset",
            "was forcibly closed",
            "network-related",
            "login failed for user",
            "no reachable servers",
            "server selection",
            "broken pipe",
            "terminated unexpectedly",
            "closed unexpectedly",
            "eof on client",
            "connection was lost",
            "connection to client",
        ],
        r"(could not|unable to|can't|cannot|failed to|error) connect(ing)? to (the )?(\w+ ){0,4}(server|database|db|publisher|primary|master|standby|source|replica|postgres\w*|mysql\w*|maria\w*|mongo\w*|redis\w*|oracle|sql|broker|data source|slave|local mysql)|communications link failure|lost connection to (the )?(\w+ )?server|(mysql|database|db|postgres\w*|redis|mongo\w*) server has gone away|server has gone away|server closed the connection unexpectedly|connection to (server|client|database|the database)\b.*(fail|lost|refused|terminated|closed|reset|broken)|(database|db|postgres\w*|mysql|mariadb|redis|mongo\w*|oracle|sql server)\b.*\bconnection\b.*\b(refused|lost|failed|failure|closed|reset|broken|error|dropped|terminated|unavailable)|connection refused.*(:5432|:3306|:6379|:27017|:1433|:1521|postgres|mysql|redis|mongo|database)|(econnrefused|connection refused).*(5432|3306|6379|27017|1433|1521)|(5432|3306|6379|27017|1433|1521)\b.*(connection refused|econnrefused)|(postgres|mysql|redis|mongo|database|\bdb\b).*(econnrefused|connection refused)|is not (yet )?accepting connections|ora-(12541|03113|03114|12514|12154|01034|03135|12528)|connection was killed|mongonetworkerror|no reachable servers|network-related or instance-specific|unexpected eof on client|error connecting to (master|source)|terminat\w+ connection (due|because)",
        "could not connect to server: Connection refused",
        "connected to database server",
    ),
    rule(
        "db.going_down",
        DbIssue,
        0.75,
        LOG,
        Plain,
        &[
            "database system",
            "administrator command",
            "unexpected postmaster",
            "postmaster exited",
            "crash of another server",
            "conflict with recovery",
            "in recovery mode",
            "shutdown in progress",
            "database is shutting",
            "clusterdown",
            "masterdown",
            "not primary",
            "notprimary",
            "not master",
            "node is recovering",
            "loading redis",
            "primarysteppeddown",
            "interruptedatshutdown",
            "database unavailable",
            "database is unavailable",
            "database down",
            "database is down",
            "database is not available",
            "database crashed",
            "failover",
        ],
        r"the database system is (starting up|shutting down|not|in recovery)|terminating (\w+ )?[\w ]*(due to|because of) (administrator command|unexpected postmaster exit|crash)|terminating .*(administrator command|postmaster exit|crash of another)|postmaster exited|due to conflict with recovery|in recovery mode|server shutdown in progress|\bclusterdown\b|\bmasterdown\b|not ?(primary|master)(norecovering|or secondary|nosl| and)|node is recovering|loading redis is loading|primarysteppeddown|interruptedatshutdown|database (server )?(is )?(unavailable|down|unreachable|not available|offline|crashed)\b|(database|db|replica set|primary|cluster) failover (started|initiated|failed|detected|in progress)",
        "FATAL:  the database system is shutting down",
        "database system is ready to accept connections",
    ),
    rule(
        "db.full",
        DbIssue,
        0.8,
        LOG,
        Plain,
        &[
            "no space left",
            "disk full",
            "could not extend",
            "table is full",
            "tablespace",
            "ora-01653",
            "ora-01654",
            "ora-00257",
            "ora-01652",
            "ora-19809",
            "could not write to file",
            "transaction log for database",
            "transaction id wraparound",
            "wraparound",
            "oom command",
            "misconf",
            "out of disk",
            "quota exceeded",
            "the table '",
        ],
        r"could not (extend|write to|write) (file|relation|temporary file|block).*(no space|disk full)|no space left on device.*(pg_|mysql|ibdata|base/|wal|database|mongod?|redis)|(pg_|mysql|postgres|database|mongod|redis|ibdata|innodb|wal).*no space left|could not extend file|the table '[^']*' is full|unable to extend .*tablespace|ora-(01653|01654|01652|00257|19809)|transaction log for database .* is full|must be vacuumed within|transaction id wraparound|oom command not allowed|\bmisconf redis\b|database .*(disk full|out of disk|quota exceeded)|filegroup is full",
        "ERROR: could not extend file \"base/1\": No space left on device",
        "table is full of fish",
    ),
    rule(
        "db.read_only",
        DbIssue,
        0.75,
        LOG,
        Plain,
        &["read-only", "read only", "readonly", "--super-read-only", "ora-16000"],
        r"cannot execute .* in a read-only (transaction|mode)|readonly you can't write|running with the --(super-)?read-only|database .*(is read[- ]only|in read[- ]only mode)|attempt to write a readonly database|ora-16000|server is (in )?read[- ]only",
        "ERROR: cannot execute INSERT in a read-only transaction",
        "opened read-only",
    ),
    rule(
        "db.replication",
        DbIssue,
        0.7,
        LOG,
        Plain,
        &[
            "replication",
            "replica",
            "streaming",
            "publisher",
            "wal receiver",
            "slave",
            "table copy",
            "initial contents copy",
            "copy from stdin",
            "standby",
            "oplog",
        ],
        r"replication (lag|delay)\b.*([1-9]\d*|exceed|high|behind)|replica(tion)? .*(stopped|broken|fail\w*|error|is behind|fell behind|lagging|out of sync)|(slave|replica) (sql|i/o)( thread)?.*(stopped|error|not running|fail)|could not .*(publisher|drop replication slot|primary|standby|wal stream|contents copy)|table copy could not|copy (from|to) std(in|out) failed|terminating logical replication|could not start initial contents copy|canceling the wait for synchronous replication|(too stale|off the end of the oplog)|requested wal segment .*removed|could not receive data from wal stream",
        "Replication lag is 45 seconds",
        "replication lag 0",
    ),
    rule(
        "db.foreign_source",
        DbIssue,
        0.6,
        LOG,
        Plain,
        &["foreign data source", "foreign server", "dblink", "linked server", "skipping analyze", "skipping vacuum"],
        r"(unable to connect|could not connect|connection) .*foreign (data source|server)|could not establish connection.*|skipping (analyze|vacuum) of .*lock not available",
        "Unable to connect to foreign data source: x",
        "foreign data source added",
    ),
    rule(
        "db.crashed_table",
        DbIssue,
        0.7,
        LOG,
        Plain,
        &[
            "marked as crashed",
            "corrupt",
            "invalid page",
            "checksum",
            "incorrect key file",
            "could not read block",
            "sqlite_corrupt",
            "malformed",
        ],
        r"marked as crashed|invalid page (header )?in block|page (verification failed|checksum (mismatch|verif|fail))|incorrect key file for table|could not read block \d+ in file|sqlite_corrupt|database disk image is malformed|(database|index|table|innodb|tablespace).*(is |may be |page )corrupt(ed|ion)?\b",
        "Table './a/b' is marked as crashed",
        "invalid page number",
    ),
];

/// Turns matches into reasons. In a line that states a harmless level they are worth less: it tells
/// of a setting, a recovery or a count of nought.
pub(crate) fn weigh<'m>(
    text: &str,
    stated: Option<&Stated>,
    found: impl Iterator<Item = &'m Match>,
    tally: &mut Tally,
) {
    let harmless = stated.is_some_and(|(severity, _)| *severity == Severity::Info);
    for Match { rule, range } in found {
        let matched = String::from_utf8_lossy(&text.as_bytes()[range.clone()]);
        let weight = if harmless { rule.weight * 0.35 } else { rule.weight };
        tally.add(rule.name, rule.kind, weight, &matched, &"payload");
    }
}

/// The longest duration that the text states with a unit, in milliseconds: `30000ms`, `30 s`,
/// `1.5 seconds`, `2 min`. `None` if there is none.
pub fn latency_ms(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let mut longest: Option<f64> = None;
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len()
            && (bytes[at].is_ascii_digit() || (bytes[at] == b'.' && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)))
        {
            at += 1;
        }
        let part_of_word = start > 0
            && (bytes[start - 1].is_ascii_alphanumeric() || matches!(bytes[start - 1], b'_' | b'.' | b':' | b'-'));
        let unit_start = at + usize::from(matches!(bytes.get(at), Some(b' ' | b'-')));
        let unit: Vec<u8> = bytes[unit_start..]
            .iter()
            .take(13)
            .take_while(|b| b.is_ascii_alphabetic())
            .map(u8::to_ascii_lowercase)
            .collect();
        let factor = match unit.as_slice() {
            b"ms" | b"msec" | b"msecs" | b"millis" | b"millisecond" | b"milliseconds" => 1.0,
            b"s" | b"sec" | b"secs" | b"second" | b"seconds" => 1_000.0,
            b"m" if unit_start == at => 60_000.0,
            b"min" | b"mins" | b"minute" | b"minutes" => 60_000.0,
            b"us" | b"microseconds" => 0.001,
            _ => continue,
        };
        // Numbers longer than that are ids, and `parse` would take its time.
        let number = text
            .get(start..at)
            .filter(|digits| digits.len() <= 24 && !part_of_word)
            .and_then(|digits| digits.parse::<f64>().ok());
        if let Some(number) = number {
            let ms = number * factor;
            longest = Some(longest.map_or(ms, |known| known.max(ms)));
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_read_with_its_unit() {
        let check = |text, expected: Option<f64>| assert_eq!(latency_ms(text), expected, "{text}");
        check("Database connection timeout after 30000ms", Some(30_000.0));
        check("timeout after 30s", Some(30_000.0));
        check("took 1.5 seconds, then 200 ms", Some(1_500.0));
        check("2 min", Some(120_000.0));
        check("5m of cable", Some(300_000.0));
        check("10 milligrams of 5", None);
        check("id a30s", None);
        check("1.2.3.4", None);
        check("", None);
    }
}
