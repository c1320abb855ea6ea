//! Cross-site scripting.

use crate::attack::rule::{Rule, rule};
use crate::decode::Reach;
use crate::decode::view::View::{Markup, Plain};
use foghorn_domain::finding::Kind::Xss;

const PARAMETER: Reach = Reach::PARAMETER;
const REQUEST: Reach = Reach::REQUEST;
const PH: Reach = Reach::PH;
const LOG: Reach = Reach::LOG;

pub(super) const RULES: &[Rule] = &[
    rule("xss.script_tag", Xss, 0.85, REQUEST, Plain, &["script"], r"<\s*/?\s*(\w+:)?script\b", "a<script src=x>", "script src"),
    rule("xss.script_in_log", Xss, 0.75, LOG, Plain, &["<script"],
        r"<script[^>]*>[^<]*\b(alert|prompt|confirm|eval|fetch|document|window|location|string\.fromcharcode)\b|<script[^>]+src\s*=\s*.?(https?:)?//[^>]+>\s*</script",
        "User input: <script>alert('XSS')</script>", "rendered <script> block in 3 ms"),
    rule("xss.handler_in_log", Xss, 0.7, LOG, Plain, &["on"],
        r"<(img|svg|body|iframe|input|video|audio|details|a|div|object|marquee|select|textarea)\b[^>]*[\s/]on(error|load|click|mouseover|focus|toggle|start|begin)\s*=\s*.?[^>]*(\(|`)",
        "comment: <img src=x onerror=alert(1)>", "callback onload = none"),
    rule("xss.split_script_tag", Xss, 0.5, PH, Markup, &["<script"], r"<script", "<scr\tipt>", "< s cript"),
    rule("xss.handler_in_tag", Xss, 0.8, REQUEST, Plain, &["on"],
        "<[a-z!?%][^>]*[\\s/\"'`\\x00-\\x20](on[a-z]{3,}|[a-z]*on(error|load|click))[\\s\\x00]*=", "<x/onpointermove=1>", "<b> one = two"),
    rule("xss.handler", Xss, 0.5, REQUEST, Plain,
        &["onerror", "onload", "onclick", "onmouse", "onfocus", "onblur", "onkey", "onpointer", "ontoggle", "onanimation", "ontransition",
            "onwheel", "onscroll", "oncopy", "oncut", "onpaste", "onbegin", "onend", "onstart", "ondrag", "ondrop", "onresize", "onsubmit",
            "onchange", "oninput", "onselect", "onunload", "onbefore", "onafter", "onhash", "onmessage", "onpage", "onpop", "onstorage",
            "onauxclick", "oncontextmenu", "ondblclick", "ontouch", "onplay", "oncan", "onwebkit", "onshow", "onfinish", "onbounce",
            "onreadystatechange", "onx=", "onoffline", "ononline", "oninvalid", "onreset", "onsearch", "onend", "onrepeat", "onformdata"],
        "(^|[\\s/\"'`;<>)&?=,.\\d]|%[0-9a-f]{2})on[a-z]+[\\s\\x00/]*=", "\" onfocus=alert(1)", "salonerror=5"),
    rule("xss.javascript_scheme", Xss, 0.75, PH, Plain, &["javascript", "vbscript", "livescript", "jscript"],
        r"\b(javascript|vbscript|livescript|jscript)\s*:\s*([a-z_$\d.]+\s*[(=`\[.:/]|[^a-z\s][^\s]|//|\S*[(=`\[])", "javascript:alert(1)", "JavaScript: Basics of JavaScript Language"),
    rule("xss.split_scheme", Xss, 0.5, PH, Markup, &["javascript:", "vbscript:"], r"(javascript|vbscript):[^(=`\[]*[(=`\[]", "jav\tascript:alert(1)", "javascript: the basics"),
    rule("xss.active_tag", Xss, 0.5, REQUEST, Plain,
        &["<svg", "<iframe", "<object", "<embed", "<applet", "<isindex", "<marquee", "<bgsound", "<xss", "<frameset", "<frame", "<layer", "<ilayer",
            "<xml", "<math", "<foreignobject", "<animate", "<set ", "<event-source", "<keygen", "<plaintext", "<noembed", "<noscript", "<template", "<portal"],
        r"<(svg|iframe|object|embed|applet|isindex|marquee|bgsound|xss|frameset|frame|i?layer|xml\s+(id|src)|math|foreignobject|animate\w*|set\s|event-source|keygen|plaintext|noembed|noscript|template|portal)\b",
        "<iframe src=x>", "<xml version=1>"),
    rule("xss.passive_tag", Xss, 0.35, REQUEST, Plain,
        &["<img", "<image", "<body", "<input", "<form", "<link", "<style", "<meta", "<base", "<video", "<audio", "<details", "<button", "<select",
            "<textarea", "<html", "<head", "<title", "</title", "<?import", "<a ", "<a/", "<area", "<div", "<bdo", "<source", "<track", "<track", "<q/", "<table", "<td", "<br", "<b "],
        r"</?(img|image|body|input|form|link|style|meta|base|video|audio|details|button|select|textarea|html|head|title|\?import|area|source|track)[\s/>\x00-]|<(a|div|bdo|q|table|td|br|b)[\s/][^>]*\b(on\w+|style|formaction|background|folder|datasrc|size\s*=\s*.?&)\s*=|<a[^>]*href\s*=\s*.?(data|about|feed|\w*script)\s*:",
        "\"><img src=x>", "junk <a href=\"../\">foo.com</a>"),
    rule("xss.split_tag", Xss, 0.4, PH, Markup, &["<form", "<style", "<iframe", "<applet", "<object", "<embed", "<svg"], r"<(form|style|iframe|applet|object|embed|svg)", "<f o r m", "< for the form"),
    rule("xss.call", Xss, 0.45, REQUEST, Plain, &["alert", "confirm", "prompt"],
        r"(^|[^\w.]|\bwindow\.|\btop\.|\bself\.|\bparent\.|\bthis\.)(alert|confirm|prompt)\s*\)?\s*(\(|`|\.(call|apply|bind|source)\b|\?\.\(|\]\s*\(|&lpar)", "-alert(1)-", "1alert(1)"),
    rule("xss.eval", Xss, 0.45, PH, Plain, &["eval(", "settimeout", "setinterval", "function("],
        r"\b(eval\s*\(\s*(atob|string|unescape|name|location|id|src|this|document|window|'|`|\w+\.)|set(timeout|interval)\s*\(|\bfunction\s*\(\s*['`])", "eval(atob('eA=='))", "evaluate (atob)"),
    rule("xss.document", Xss, 0.5, PH, Plain, &["document", "window", "location", "innerhtml", "localstorage", "sessionstorage"],
        r"\bdocument\s*\)?\s*(\.\s*(cookie|domain|write(ln)?|body|location|url|referrer|getelement\w*|create\w+|head|forms|documentelement|defaultview|scripts|implementation)|\[)|\bwindow\s*(\.\s*(location|open|name|onerror|event|frames)|\[)|\blocation\s*(\.\s*(href|hash|replace|assign|search)\b|=\s*\S)|\.(innerhtml|outerhtml)\b|\b(local|session)storage\s*[.\[]",
        "document.cookie", "the document was signed; window seat"),
    rule("xss.document_bracket", Xss, 0.45, PARAMETER, Markup, &["cookie"], r"\(?document(/\*.*?\*/)?\)?\[.cookie.\]", "(document/*x*/)[\"cookie\"]", "document and cookie"),
    rule("xss.fromcharcode", Xss, 0.6, REQUEST, Plain, &["fromcharcode", "fromcodepoint", "unescape(", "decodeuri"], r"string\s*\.\s*from(charcode|codepoint)|\bunescape\s*\(|\bdecodeuri(component)?\s*\(", "String.fromCharCode(88)", "from char code"),
    rule("xss.data_uri", Xss, 0.6, PH, Plain, &["data:", "data&"], r"\bdata\s*:\s*(text/(html|xml|javascript)|image/svg\+xml|application/(x-)?javascript|application/xhtml|[\w/+,;-]*base64,phn|,)", "data:text/html,<b>", "data: text follows"),
    rule("xss.css_expression", Xss, 0.6, PH, Plain, &["expression", "-moz-binding", "behavior", "behaviour", "@import"],
        r":\s*(\w+:)?expr(/\*.*?\*/)?ession\s*\(|-moz-binding\s*:|\bbehaviou?r\s*:\s*url|@import\s*(url|['\x22\\])", "style=width:expression(1)", "expression (of joy)"),
    rule("xss.css_url_script", Xss, 0.6, PH, Markup, &["url("], r"(url|src)\(.{0,3}(javascript|vbscript|data):", "background: url( javascript:x)", "url(image.png)"),
    rule("xss.utf7", Xss, 0.7, PH, Plain, &["+adw-", "-adw-", " adw-"], r"[+\- ]adw-", "+ADw-script+AD4-", "adw-1"),
    rule("xss.attribute_break", Xss, 0.35, PH, Plain, &[">"], "[\"'`]\\s*/?>\\s*<[a-z!/]", "\"><b>", "\"a\" > b"),
    rule("xss.closes_tag", Xss, 0.35, REQUEST, Plain, &["</script", "</style", "</textarea", "</title", "</noscript", "</iframe", "</template", "</xmp", "-->"],
        r"</(script|style|textarea|title|noscript|iframe|template|xmp)\b|['\x22`]\s*-->\s*['\x22`<]", "</textarea><b>", "--> done"),
    rule("xss.form_action", Xss, 0.5, PH, Plain, &["formaction", "srcdoc", "xlink:href", "xmlns", "http-equiv", "contenteditable", "allowscriptaccess", "autofocus"],
        r"\b(formaction|srcdoc|xlink:href|http-equiv|contenteditable|allowscriptaccess)\s*=|\bautofocus\b.*=|\bxmlns(:\w+)?\s*=?\s*.*>", "<button formaction=x>", "the autofocus lens"),
    rule("xss.template_call", Xss, 0.6, PH, Plain, &["constructor"], r"\bconstructor\s*(\.\s*constructor|\[?.{0,3}(\(|prototype))|\[\s*.constructor.\s*\]", "{{constructor.constructor('x')()}}", "constructor (building)"),
    rule("xss.server_include", Xss, 0.5, PH, Plain, &["<!--"], r"<!--\s*#\s*(set|echo|printenv|config|flastmod|fsize)\b", "<!--#echo var=\"x\"-->", "<!-- # set -->x"),
    rule("xss.js_object", Xss, 0.45, PARAMETER, Plain, &["xmlhttprequest", "activexobject", "__definegetter__", "sendbeacon", "importscripts", "navigator.", "reflect.apply", "[1].", "fetch("],
        r"\bnew\s+(xmlhttprequest|activexobject|image)\b|__define[gs]etter__|\bnavigator\.(sendbeacon|vibrate|credentials)|\bimportscripts\s*\(|\breflect\.(apply|construct)|\[\d*\]\.(some|find|map|filter|foreach|every)\s*\(|\bfetch\s*\(\s*['\x22`]", "new XMLHttpRequest()", "navigator. fetch"),
    rule("xss.quote_operator", Xss, 0.4, PARAMETER, Plain, &["alert", "confirm", "prompt", "fetch", "eval"], r"['\x22`)};]\s*[-+*/^|;,<>]*\s*(top|self|parent|window)?[\[.]?\W{0,3}(alert|confirm|prompt|eval)\b\W", "'-alert(1)-'", "'on alert'"),
    rule("xss.cyclic_script", Xss, 0.5, PARAMETER, Plain, &["[]", "!+[]", "![]"], r"(!\+?\[\]|\[\]\[|\+\[\]|\(!\[\]\+).*(!\+?\[\]|\[\]\[|\+\[\])", "[][(![]+[])[+[]]", "list []"),
];
