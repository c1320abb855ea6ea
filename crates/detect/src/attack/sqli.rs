//! SQL injection: breaking out, joining, delaying, stacking.

use crate::attack::rule::{Rule, rule};
use crate::decode::Reach;
use crate::decode::view::View::{Plain, Sql};
use foghorn_domain::finding::Kind::Sqli;

const PARAMETER: Reach = Reach::PARAMETER;
const REQUEST: Reach = Reach::REQUEST;
const PH: Reach = Reach::PH;
const LOG: Reach = Reach::LOG;

pub(super) const RULES: &[Rule] = &[
    rule("sqli.union_select", Sqli, 0.8, REQUEST, Sql, &["union"], r"\bunion[\s(+]+((all|distinct|distinctrow)[\s(+]+)?select\b", "-1 UnIoN aLl SELECT 1", "union was a great select"),
    rule("sqli.union_glued", Sqli, 0.4, PARAMETER, Sql, &["union"], r"^[^a-z]*\bunion\s*(all|\(\s*select|$)|\bunion\s+all\s+select|\bunion\s*(#|--)|['\x22)\d]\s*union\s*(#|/\*|$)", "1' union", "union of workers"),
    rule("sqli.union_in_log", Sqli, 0.6, LOG, Sql, &["union"], r"['\x22)]\s*\)*\s*union\s+(all\s+)?select\s+(null|\d|@@|char|concat|group_concat|username|user|password|table_name)\b.*(--|#|/\*|from)|=-?\d+\s+union\s+(all\s+)?select\s",
        "param id=' UNION SELECT username, password FROM users--", "SELECT a FROM x UNION SELECT b FROM y"),
    rule("sqli.tautology_in_log", Sqli, 0.6, LOG, Sql, &["or ", "and "], r"['\x22]\s*\)*\s*(or|and)\s+(['\x22](\w*)['\x22]\s*=\s*['\x22]\w*|(\d+)\s*=\s*\d+\s*(--|#|/\*|;|$|['\x22]))", "login failed for ' OR '1'='1", "name = 'x' and id = 5 rows"),
    rule("sqli.stacked_in_log", Sqli, 0.55, LOG, Sql, &["drop ", "waitfor ", "xp_cmdshell"], r"['\x22]\s*\)*\s*;\s*(drop\s+(table|database)|waitfor\s+delay|exec\s+(master\.\.)?xp_)", "user '; DROP TABLE users--", "will drop table old"),
    rule("sqli.quoted_comparison", Sqli, 0.65, REQUEST, Sql, &["or", "and", "||", "&&", "xor", "having", "where", "like", "rlike", "regexp"],
        r"(['\x22`)]|\d%?)\s*\)*\s*(or|and|xor|having|where|\|\||&&)[\s(+!~-]*(not\s+)?(['\x22`][^'\x22`]{0,24}['\x22`]|[\w.@]{1,24}|['\x22`])\s*\)*\s*(=|<=>|<>|!=|>=|<=|<|>|\blike\b|\brlike\b|\bregexp\b|\bis\s+(not\s+)?null|\bbetween\b|\bsounds\b|\bin\s*\()\s*[('\x22`\w%-]",
        "x' or 'a'='a", "mr and mrs, 2 or 3"),
    rule("sqli.numeric_comparison", Sqli, 0.65, REQUEST, Sql, &["or", "and", "having", "where"],
        r"\b(or|and|xor|having|where|when)[\s(+!~-]+['\x22]?\d+['\x22]?[\s)]*(=|<>|!=|<|>|\blike\b|\bbetween\b)\s*\(?['\x22(]*\d", "1 AND 2>1", "and 7 oranges"),
    rule("sqli.true_constant", Sqli, 0.45, PARAMETER, Sql, &["or", "and", "||", "&&"], r"['\x22`)]\s*\)*\s*(or|and|xor|\|\||&&)\s*\(?\s*(true|false|not|null|1|0|exists|isnull|ascii|substr|['\x22]\w*['\x22]\s*$|['\x22]{2})\s*(\(|--|#|/\*|;|$|=|is|\)|limit|like)", "' or true--", "\"a\" and \"b\""),
    rule("sqli.exists", Sqli, 0.6, PH, Sql, &["select"], r"\b(or|and|xor|not|exists|in|any|all|case|when|if|between|like|=|<|>|\|\||&&|\+|,|-|\*|/|~|!)\s*\(+\s*select\b|\|\|\(?select\b|[=<>(+,*/-]\s*\(\s*select\b", "1 and (select 1)", "please (select one)"),
    rule("sqli.select_from", Sqli, 0.5, PH, Sql, &["select"], r"\bselect[\s(+]+((\*|distinct|all|top\s|[@\w.`]+\s*\(|[\d'\x22@(~-][^;]{0,20}|[\w.`*]+\s*,)[^;]*\bfrom\b|[\w.*`]+\s+from\s+[\w.`]+\s*(where\s+\S+\s*(=|like|>|<|in)|limit\s+\d|;|--|#|/\*|order\s+by|group\s+by|union|\)|$))", "select a,b from t", "Please select pair from the list"),
    rule("sqli.select_value", Sqli, 0.4, PARAMETER, Sql, &["select"], r"(^|[;'\x22)(\d]\s*)select\s*([\s(+]*(@@?\w+|'[^']*'\s*(\+|\|\||,|as|--|#|;|\)|$)|\d+\s*(,|--|#|\)|;|from|=|/|\*|\+|-|where|limit|$)|(char|chr|concat|version|user|database|sleep|load_file|pg_sleep|cast|convert|if|case|count|hex|ascii|substr\w*|current_user|session_user|system_user|benchmark|extractvalue|updatexml|null)\b))", "(select @@version)", "select 'and'"),
    rule("sqli.time_delay", Sqli, 0.75, REQUEST, Sql, &["sleep", "benchmark", "waitfor", "receive_message", "randomblob", "wait for", "generate_series"],
        r"(\bpg_)?\bsleep\s*\(\s*['\x22(]*\s*[\d.(a-z_]|\bpg_sleep\b|\bbenchmark\s*\(\s*[\d(a-z.]|\bwaitfor[\s+]+(delay|time)|dbms_pipe\.receive_message|dbms_(lock|session)\.sleep|\brandomblob\s*\(|user_lock\.sleep|dbms_lock", "1;WAITFOR DELAY '0:0:5'", "sleep (well)"),
    rule("sqli.stacked", Sqli, 0.6, REQUEST, Sql, &["select", "insert", "update", "delete", "drop", "create", "alter", "exec", "declare", "shutdown", "truncate", "begin", "waitfor", "copy", "grant", "backup", "merge", "call", "if", "set"],
        r";\s*(select[\s(*'\x22@]|insert\s+into|update\s+\w+\s+set|delete\s+from|drop\s+(table|database|user|view|procedure|function|column|index)|create\s+(table|user|or\s+replace|function|view|database|procedure|login)|alter\s+(table|user|database|login|session)|exec(ute)?[\s(]+(immediate|master|xp_|sp_|\(|'|@)|declare\s+@?\w|shutdown\b|truncate\s+table|begin\s+(declare|dbms|execute|if|exception|\w+[.(:])|waitfor\s|copy\s+\w+\s*(\(|from|to)|grant\s+\w+.*\bto\b|backup\s+database|call\s+\w+\(|if\s*\(|set\s+@)", "1;DROP TABLE users", "a; update on the trip"),
    rule("sqli.statement", Sqli, 0.45, PARAMETER, Sql, &["insert", "update", "delete", "drop", "create", "alter", "exec", "declare", "truncate", "shutdown", "grant"],
        r"\b(insert\s+into\s+\w+\s*(\(|values|select)|update\s+[\w.]+\s+set\s+\w+\s*=|delete\s+from\s+\w+(\s+where|\s*;|\s*--|\s*$)|drop\s+(table|database|user|function|procedure)\s+\w+|create\s+(table|user|function|database|procedure|login|or\s+replace)\s+\w+\s*(\(|as|identified|with|returns|\w)|alter\s+(table|user|database|login)\s+\w+|exec(ute)?\s*\(?\s*(immediate|master|xp_\w*|sp_\w*|@\w+|'|\()|declare\s+@\w+|declare\s+\w+\s+(cursor|varchar|int|char|number)|truncate\s+table\s|shutdown\s+(with|;|--)|grant\s+(all|select|connect|dba|execute)\b)", "drop table members", "create a table in the kitchen"),
    rule("sqli.group_order", Sqli, 0.4, PH, Sql, &["order", "group", "having", "limit", "procedure"],
        r"\b(order|group)[\s+]+by[\s+]+(\d{1,4}\b|\(|if|case|rand|sleep|concat|null|\w+\s*(having|--|#|/\*))|\bhaving\s+\(?['\x22]?\w+['\x22]?\s*(\(|=|>|<|like)|\blimit\s+\d+\s*(,|offset)\s*\d+|\blimit\s+\d\s*(--|#|/\*|$|procedure|into)|procedure\s+analyse\s*\(", "1 ORDER BY 10--", "in order by size"),
    rule("sqli.case_when", Sqli, 0.55, PH, Sql, &["case", "iif", "if("], r"\bcase\b[^;]*\bwhen\b[^;]+\bthen\b|\b(iif|if)\s*\(\s*\(?\s*([\w()'\x22.@]+|\(.+\))\s*(=|<|>|like|in)[^;]+,", "(case when (1=1) then 1 else 0 end)", "in case, when you then go"),
    rule("sqli.comment_tail", Sqli, 0.25, PARAMETER, Plain, &["--", "#", "/*"], r"['\x22)]\s*(\)|;)*\s*(--|#|/\*)[\s\w!+-]{0,12}$", "admin'--", "5'-3 -- wood"),
    rule("sqli.admin", Sqli, 0.5, PARAMETER, Plain, &["admin", "root", "user"], r"^\W*\w*(admin|root|user)\w*['\x22]\s*\)*\s*(--|#|/\*|;|\bor\b|\band\b|\|\||&&|\blike\b|=)", "admin' #", "admin's --"),
    rule("sqli.inline_comment", Sqli, 0.5, PH, Plain, &["/*"], r"/\*!?\d{0,6}\s*(union|select|from|where|or|and|concat|all|sleep|benchmark|information_schema)\b|\w/\*+[^*/]*\*+/\w|'/\*+.{0,20}\*/|\d/\*\*/\w|/\*\*/.+/\*\*/", "un/**/ion", "a /* b */ c"),
    rule("sqli.json_operator", Sqli, 0.5, REQUEST, Plain, &["{", "["], r"'\s*[{\[].*[}\]]\s*'\s*(::\s*jsonb?|@>|<@|\?|->|#>|=|\|\||@|-\s*')|::jsonb?\b", "'{\"a\":1}'::jsonb <@ '{}'", "{'a': 1} = {}"),
    rule("sqli.quote_concatenation", Sqli, 0.45, PARAMETER, Sql, &["||", "+", "concat"], r"['\x22]\s*(\|\|\s*\(?\s*(select|cast|\w+\(|'|chr|case|\d)|\+\s*\(?\s*(select|convert|cast|char\(|if\(|'[^']*'\s*\+|benchmark|sleep))|['\x22]\|\|['\x22]", "x'||(select 1)||'", "'a' + 'b'"),
    rule("sqli.into_file", Sqli, 0.7, PH, Sql, &["into", "load"], r"\binto\s+(out|dump)file\b|\bload_file\s*\(|\bload\s+data\s+(local\s+)?infile|\binto\s+@\w|\bbulk\s+insert\b|openrowset\s*\(|opendatasource\s*\(", "into outfile '/tmp/x'", "load the file"),
    rule("sqli.bracket_break", Sqli, 0.3, PARAMETER, Sql, &["'", "\""], r"^[\w.%\s-]{0,20}['\x22]\s*\)+\s*(;|,|or\b|and\b|union\b|where\b|as\b|order\b|group\b|having\b|limit\b|procedure\b|\|\||&&|--|#)", "1')) or 1", "(a 'b') c"),
    rule("sqli.null_list", Sqli, 0.5, PARAMETER, Sql, &["null"], r"\bnull\s*,\s*null\s*,\s*null|\(?\bnull\s*,\s*null\s*\)?\s*(--|#|/\*|%20|waitfor)|\b(all\s+)?select\s+null\b|,\s*null\s*\)\s*(--|#|/\*|waitfor)", "1,NULL,NULL,NULL", "null and void, null"),
    rule("sqli.number_list", Sqli, 0.3, PARAMETER, Sql, &["select"], r"select\s*(all\s+)?[\d'][\w']*\s*,\s*[\w'()@]+", "select 1,2", "select 1 and 2"),
    rule("sqli.operator_word", Sqli, 0.5, PARAMETER, Sql, &["sounds", "rlike", "regexp", "div", "between", "is not", "like", "is null", "collate", "binary", "xor", "mod"],
        r"['\x22]\s*(sounds\s+like|rlike|regexp|div|xor|between|not\s+like|is\s+(not\s+)?null|collate|mod)\b\s*[-+!~('\x22\d@a-z]|['\x22]\s*like\s*['\x22%(]|\bnot\s+between\s+\d+\s+and|\bbetween\s+\d+\s+and\s+\d+\s*(--|#|\)|and|or)", "a' rlike (1)--", "\"like\" stamp"),
    rule("sqli.quoted_operator", Sqli, 0.35, PARAMETER, Sql, &["'", "\""], r"^[\w\s]{0,16}['\x22]\s*[-+*/%^&|<>=~!]{1,3}\s*[-+~!(]*\s*(['\x22]\w*['\x22]?\s*(=|<|>|like|\+|-|\*|or|and|$)|@@?\w+|current_\w+|\d+\s*(=|--|#|or\b|and\b|['\x22]))", "a'='a", "5' x 7'"),
];
