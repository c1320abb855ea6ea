//! The smaller kinds: templates, XML entities, NoSQL, LDAP, header injection.

use crate::attack::rule::{Rule, rule};
use crate::decode::Reach;
use crate::decode::view::View::Plain;
use foghorn_domain::finding::Kind::{Crlf, Ldap, Nosql, Ssti, Xxe};

const PARAMETER: Reach = Reach::PARAMETER;
const REQUEST: Reach = Reach::REQUEST;
const PH: Reach = Reach::PH;

pub(super) const RULES: &[Rule] = &[
    rule("xxe.entity", Xxe, 0.8, PH, Plain, &["<!entity"], r"<!entity\s+(%\s*)?[\w.-]+\s+(system|public|['\x22])", "<!ENTITY x SYSTEM \"file:///e\">", "<!entity>"),
    rule("xxe.external_doctype", Xxe, 0.65, PH, Plain, &["<!doctype", "<!element"], r"<!doctype\s+[\w:.-]+\s*(\[|system\s|public\s+['\x22][^>]*['\x22]\s+['\x22](https?|file|ftp|php|jar))|<!element\s+\w+\s+(any|\()", "<!DOCTYPE a SYSTEM \"http://x\">", "<!DOCTYPE html>"),
    rule("xxe.include", Xxe, 0.65, PH, Plain, &["xinclude", "xi:include", "%dtd;", "xsl:"], r"xmlns:xi\s*=|<xi:include|/xinclude\b|<xsl:(value-of|template|stylesheet|include|import|copy-of)\b", "<xi:include href=x>", "an xinclude"),
    rule("ssti.arithmetic", Ssti, 0.7, PH, Plain, &["{{", "${", "#{", "<%", "*{", "@(", "[[", "{%", "{@", "{#", "{!", "{="], r"(\{\{|\$\{|#\{|<%=?|\*\{|@\(|\{@|\{!|\[\[\$?\{?|\$\{\{|\{=|\{)\s*['\x22(]?\d+['\x22)]?\s*[*+/-]\s*['\x22(]?\d+\s*['\x22)]?\s*(\}|%>|\)|\]\])", "{{7*7}}", "{{ name }}"),
    rule("ssti.object_access", Ssti, 0.7, PH, Plain,
        &["__class__", "__mro__", "__subclasses__", "__globals__", "__builtins__", "__init__", "__import__", "__base", "_self.env", "self._templatereference", "freemarker", "getruntime", "forname(", "request.application", "config.items", "{{config", "{{ config", "{{self", "{{request", "{{_self", "{{app", "{{dump", "{php}", "lipsum", "cycler.", "joiner.", "namespace.", "velocity", "{$smarty", "|filter('", "|map('", "|sort('", "getclass()", "$class.inspect", "|attr("],
        r"__(class|mro|subclasses|globals|builtins|init|import|bases?|getattribute|dict)__|\b_self\.env|freemarker\.template|\.getruntime\(|\bforname\s*\(|\brequest\.(application|environ|args)|\{\{\s*(config|self|request|_self|app\.|dump|settings|get_flashed_messages|url_for|lipsum|cycler|joiner|namespace|\[|'|\(|this|constructor|range|include)\W|\{php\}|\{\$smarty|\|\s*(filter|map|sort|reduce)\s*\(\s*['\x22](system|exec|passthru)|\.getclass\(\)|\$class\.inspect|\|\s*attr\s*\(", "{{ config.items() }}", "{{ title }}"),
    rule("ssti.expression", Ssti, 0.55, PH, Plain, &["${", "#{", "%{", "<%", "{{", "{%", "#set", "@{", "~{"],
        r"[$#%*@~]\{\s*(t\s*\(|new\s+\w|class|self|request|session|application|product|foobar|env|\w+\.\w+\(|system|facescontext|pagecontext|param|\(#|#_)|<%=?\s*(file|system|dir|io|`|%x|require|foobar|session|request|self|\w+\.\w+)|\{%\s*(import|include|extends|set|for\s+\w+\s+in\s+(\[|\(|self|request)|debug|from|if\s+request|with|raw|filter)\b|#set\s*\(\s*\$|\{\{[^}]*\(.*\}\}|#\{[^}]+\}", "${T(java.lang.Runtime)}", "{% $NUM|FORMAT %}"),
    rule("nosql.operator", Nosql, 0.65, PH, Plain, &["$ne", "$gt", "$lt", "$gte", "$lte", "$regex", "$where", "$in", "$nin", "$exists", "$or", "$and", "$not", "$eq", "$func", "$elemmatch", "$nor", "$size", "$type", "$mod", "$all", "$comment", "$text", "$expr", "$jsonschema", "$lookup", "$match"],
        r"[\[{(,'\x22\s.]\$(ne|gte?|lte?|regex|where|n?in|exists|n?or|and|not|eq|func|elemmatch|size|type|mod|all|comment|text|expr|jsonschema|lookup|match)['\x22]?\s*(\]|:|=)|^\$(ne|gte?|lte?|regex|where|n?in|exists|n?or|and|not|eq|expr)\]?\s*[=:]", "user[$ne]=1", "costs [$one]"),
    rule("nosql.script", Nosql, 0.5, PARAMETER, Plain, &["this.", "db.", "return", "sleep(", "tojson", "|| 1==1", "==", "mapreduce"],
        r"\bthis\.\w+(\.match|\s*(==|!=|>|<|\[))|['\x22;]\s*(\|\||&&)\s*['\x22]?\w*['\x22]?\s*==\s*|['\x22;}]\s*;?\s*(return\s*[(\w'{!]|var\s+\w+\s*=|while\s*\(|it=new)|\bdb\.\w+\.(find|insert|remove|update|drop|mapreduce|aggregate|injection)|\btojsononeline|;\s*sleep\s*\(\s*\d|\bdb\.(getname|version|stores|hostinfo|getcollectionnames)|true,\s*\$where:", "';return true;var a='", "return to sender"),
    rule("ldap.filter", Ldap, 0.6, PH, Plain, &["(", ")"], r"\*\s*\)\s*\(?\s*[(|&]|\)\s*\(\s*[|&!]\s*\(?|\(\s*[|&!]\s*\(\s*\w+\s*(=|~=|>=|<=)|\(\s*(uid|cn|sn|objectclass|mail|userpassword|password|samaccountname|user)\s*=\s*\*?|\*\(\|\(|\)\(cn=\)", "*)(uid=*))(|(uid=*", "f(a)(b)"),
    rule("crlf.header", Crlf, 0.7, REQUEST, Plain, &["\n", "\r"], r"[\r\n]+\s*(set-cookie|location|content-(type|length|disposition)|http/\d|x-[\w-]+|host|refresh|link|access-control-\w+|transfer-encoding|header-\w+|<html|bcc|cc|to|subject|from|rcpt|mail)\s*[:\s]\s*\S", "a\r\nSet-Cookie: b=c", "a\nb: c"),
    rule("crlf.mail_command", Crlf, 0.5, PARAMETER, Plain, &["\n", "\r"], r"[\r\n]+\s*(rcpt to|mail from|data\s*$|data[\r\n]|quit|v\d+\s+(capability|fetch|list|logout|select|search)|a\d+\s+\w+|helo|ehlo|\.[\r\n])", "x\r\nMAIL FROM: <a>", "x\ndata set"),
];
