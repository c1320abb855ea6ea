//! Command injection: shells of Windows.

use crate::attack::rule::{Rule, rule};
use crate::decode::Reach;
use crate::decode::view::View::{Plain, Shell};
use foghorn_domain::finding::Kind::Rce;

const PARAMETER: Reach = Reach::PARAMETER;
const REQUEST: Reach = Reach::REQUEST;
const PH: Reach = Reach::PH;

/// Programs of Windows that an attacker reaches for.
macro_rules! windows_programs {
    () => {
        r"(cmd(\.exe)?|command\.com|powershell(\.exe)?|pwsh|certutil|bitsadmin|wmic|cscript|wscript|mshta|rundll32|regsvr32|reg|regedit|net1?|netsh|ipconfig|systeminfo|tasklist|taskkill|schtasks|whoami|ver|vol|dir|type|copy|xcopy|robocopy|del|erase|ren|move|attrib|cacls|icacls|findstr|ping|tracert|nslookup|arp|route|nbtstat|netstat|shutdown|start|assoc|ftype|fsutil|diskpart|format|sc|wevtutil|mklink|sysinfo|gpresult|driverquery|bcdboot|bcdedit|chkdsk|cipher|compact|convert|doskey|fc|forfiles|ftp|tftp|hostname|label|mode|msiexec|mshta|openfiles|pushd|qwinsta|query|rasdial|recover|replace|runas|set|sfc|takeown|timeout|tree|typeperf|vssadmin|waitfor|where)"
    };
}

pub(super) const RULES: &[Rule] = &[
    rule(
        "rce.separated_windows_command",
        Rce,
        0.6,
        PH,
        Shell,
        &["|", "&", ";", "\n", "%", "^"],
        concat!(
            r"([;|`\n\r]|&&?|\|\|)[\s(@+]*",
            windows_programs!(),
            r"([\s+]+(/\w|-\w|[a-z]:|\\|%\w|[\w.-]+\.(exe|bat|txt|ps1|vbs|dll|com|dat|ini)|(user|view|localgroup|share|start|use|add|query|accounts|group)\b|\*|\d+\.\d)|\.exe\b|\s*[|&;]|\s*$)"
        ),
        "& net user hacker x /add",
        "AT&T copy center",
    ),
    rule(
        "rce.powershell",
        Rce,
        0.7,
        REQUEST,
        Plain,
        &[
            "powershell",
            "invoke-",
            "downloadstring",
            "downloadfile",
            "frombase64string",
            "new-object",
            "get-content",
            "start-process",
            "-encodedcommand",
            "iex",
            "pwsh",
            "-executionpolicy",
        ],
        r"\bpowershell(\.exe)?\s+[-\x22'/(\w]|\binvoke-(expression|webrequest|command|item|wmimethod|restmethod|mimikatz)\b|\.download(string|file)\s*\(|frombase64string\s*\(|\bnew-object\s+(system|net|io)|\b(get|set|add)-(content|process|service|childitem|wmiobject|aduser|acl|item\w*)\b|\bstart-process\b|-encodedcommand\b|\biex\s*\(|-executionpolicy\b",
        "powershell -enc AAAA",
        "power shell",
    ),
    rule(
        "rce.windows_shell",
        Rce,
        0.65,
        PH,
        Plain,
        &[
            "cmd",
            "command.com",
            "system32",
            "net user",
            "net localgroup",
            "reg add",
            "certutil",
            "netsh ",
            "hklm\\",
            "winnt\\",
            "wmic ",
            "tasklist",
            "schtasks",
            "rundll32",
            "regsvr32",
            "mshta",
            "bitsadmin",
        ],
        r"\bcmd(\.exe)?\s*/[a-z]\b|\bcmd\.exe\b|\bcommand\.com\b|system32[/\\]+cmd|\bnet\s+(user|localgroup|share|view|group)\s+(/?\w+|\x22)|\breg\s+(add|query|delete|save)\s+.?hk|\bcertutil(\.exe)?\s+-|\bnetsh\s+(\w+\s+)?(firewall|advfirewall|wlan|add|set)|\bwmic\s+\w+\s+\w+|\bschtasks\s+/|\b(rundll32|regsvr32|mshta|bitsadmin)(\.exe)?\s+[/\w]",
        "cmd.exe /c dir",
        "cmd line",
    ),
    rule(
        "rce.windows_leading",
        Rce,
        0.45,
        PARAMETER,
        Plain,
        &[
            "dir ",
            "dir+",
            "type ",
            "del ",
            "copy ",
            "if ",
            "for ",
            "if/i",
            "start ",
            "echo ",
            "ping ",
            "ipconfig",
            "systeminfo",
            "netstat",
            "attrib ",
            "net ",
            "bcdboot",
            "vol ",
            "set ",
            "call ",
            "findstr",
            "tasklist",
            "icacls",
            "reg ",
        ],
        r"^[\s+&|'\x22@(]*(dir|type|del|copy|xcopy|attrib|icacls|move|ren|findstr|start|vol|echo|more)[\s+]+(/\w\s+)*([a-z]:[\\/\s\x22']?|%\w+%|\\\\|\*\.\*)|^\W*(ipconfig|systeminfo|tasklist|netstat)(\s+[/-]\w+)?\s*$|\bif\s+(/i\s+)?(not\s+)?(exist|errorlevel|defined|cmdextversion)\s+\S+|(^|[&|;(])\s*if\s*(/i\s+)?(not\s+)?\S+(\s+\S+)?\s*(={2,}|\b(equ|neq|lss|leq|gtr|geq)\s)|\bfor\s+(/[dflr]\s+)*(\S+\s+)*%+\S*\s+in\s*\(|\b(bcdboot|bcdedit|diskpart|fsutil|driverquery|wevtutil|gpresult)\s+[/\w]",
        "type C:\\Windows\\repair\\SAM",
        "type of C",
    ),
];
