//! Path traversal and inclusion of local files.

use crate::attack::rule::{Rule, rule};
use crate::decode::Reach;
use crate::decode::view::View::{Plain, Shell};
use foghorn_domain::finding::Kind::PathTraversal as Path;

const PARAMETER: Reach = Reach::PARAMETER;
const PATH: Reach = Reach::PATH;
const REQUEST: Reach = Reach::REQUEST;
const PP: Reach = Reach::PP;
const LOG: Reach = Reach::LOG;
const FILE: Reach = Reach::FILE;

pub(super) const RULES: &[Rule] = &[
    rule("path_traversal.climb", Path, 0.65, REQUEST, Plain, &["../", "..\\", "..;", ".?/", "..//", "./.", ".\\"],
        r"(\.{2,}[/\\]+|\.\.;[/\\]|\.[/\\]\.[/\\]+){1,2}.{0,12}\.\.+;?[/\\]|\.\.+[/\\]+\.?[/\\]*\.\.+|\.\.;[/\\.]", "a/../../b", "see ../b"),
    rule("path_traversal.one_step", Path, 0.35, REQUEST, Plain, &["../", "..\\", "\\..", "/.."], r"(^|[=/\\\x22'(;:,])\.{2,}[/\\]+[\w.%]|[/\\]\.\.[/\\]|^[/\\]+\.\.+\w|^\.\.+\\|[/\\]\.{2,}[\\/]?$", "../secret", "junk <a href=../>"),
    rule("path_traversal.climb_in_log", Path, 0.7, LOG, Plain, &["../", "..\\"], r"(\.\.[/\\]+){2,}(etc|windows|winnt|proc|boot\.ini|var|root|home)\b", "open ../../etc/passwd", "at ../../src/lib.rs"),
    rule("path_traversal.hex_climb", Path, 0.55, REQUEST, Plain, &["0x2e", "0x5c", "0x2f", "..2f", "..5c", "2e2e", "%2e", "%c0", "%%", "%u", "%c1", "%e0", "%f"],
        r"(0x2e){1,2}(/|\\|0x5c|0x2f|0x2e|\.|etc)|\.\.(2f|5c)\.\.|2e2e(2f|5c)|(0x5c|0x2f)(0x2e|\.\.)|\.{1,2}%[0-9a-z]{2}\.{1,2}%[0-9a-z]{2}|\.%[0-9a-z]{2}(\.|%)|%%[0-9a-f%]{2,}|\.\.%u[0-9a-f]{4}|0x2e.?\x00", "0x2e0x2e/boot", "0x2eab"),
    rule("path_traversal.etc", Path, 0.75, REQUEST, Shell, &["passwd", "shadow", "group", "hosts", "issue", "master.passwd", "sudoers", "/etc", "etc/", "etc\\", "fstab", "crontab", "subuid"],
        r"\betc[\s/\\.%]*[/\\]+[\s/\\]*(passwd|shadow|group|gshadow|hosts|issue|master\.passwd|sudoers|hostname|resolv\.conf|fstab|crontab|ssh|motd|mtab|profile|bashrc|security|sub[ug]id|ssl|init\.d|rc\.d|cron\.\w+|networks?|inetd\.conf|services|lsb-release|redhat-release|debian_version|os-release|release|ld\.so|pam\.d|exports|aliases|environment|mysql|my\.cnf|httpd|apache2?|nginx|php\d?|lighttpd|vsftpd|proftpd|pure-?ftpd|logrotate|syslog|rsyslog|samba|squid|snmp|openldap|kubernetes|docker|wu-ftpd|chrootusers|ftp\w*|passwd-|login\.\w+|default|security|dhcp\w*|shadow-?|sysctl\.conf|apt|yum|modules|at\.\w+)\b|etc[cf]?2fpasswd",
        "/etc/passwd", "etc. and passwords"),
    rule("path_traversal.windows_file", Path, 0.65, REQUEST, Plain,
        &["boot.ini", "win.ini", "system.ini", "system32", "ntuser.dat", "global.asa", "windows\\repair", "winnt", "inetpub", "php.ini", "web.config", "autoexec.bat", "\\config\\sam", "desktop.ini", "my.ini", "unattend", "sysprep", "\\xampp", "\\apache", "c$", "admin$"],
        r"\bboot\.ini\b|\bwin\.ini\b|\bsystem\.ini\b|\bsystem32[/\\]+(drivers|config|inetsrv|logfiles|cmd|eula|license|\w+\.(exe|dll|ini|log|txt|evtx?))|\bntuser\.dat|\bglobal\.asax?\b|[/\\](winnt|windows)[/\\]+(repair|win|system|temp|debug|php|panther|my\.|\w+\.(ini|log))|\binetpub[/\\]*(wwwroot|logs|ftproot)|\bweb\.config\b|\bautoexec\.bat\b|\bdesktop\.ini\b|\bunattend\w*\.(xml|txt)|sysprep[/\\.]|[/\\](xampp|wamp|apache\w*|php\d*|mysql)[/\\]+(apache|php|mysql|conf|logs?|bin|data|filezilla\w*|sendmail|tomcat|webalizer|security|phpmyadmin|perl|cgi-bin|htdocs|my\.)|\\\\[\w.:]+\\(c|admin)\$",
        "..\\windows\\win.ini", "windows 10.ini"),
    rule("path_traversal.drive", Path, 0.35, PARAMETER, Plain, &[":/", ":\\", ":inetpub", ":boot"], r"^\W{0,3}[a-z]:([/\\]+[\w$ .-]+|inetpub|boot|windows)[/\\\w.]*", "c:\\apache\\logs", "http://x"),
    rule("path_traversal.system_path", Path, 0.45, PARAMETER, Plain,
        &["/etc/", "/var/", "/proc/", "/usr/", "/root/", "/opt/", "/home/", "/private/", "/volumes/", "/sys/", "/boot/", "/dev/", "/www/", "/apache", "/logs/", "/web/", "/php", "/bin/", "/nginx", "/mysql", "/program files", "/xampp", "/lampp", "/tmp/", "/log/", "/run/", "/srv/", "/conf/", "/library/", "/users/", "/net/"],
        r"^[\s'\x22.\x00]{0,4}[/\\]*/(etc/\w|var/(log|mail|spool|www|adm|lib|run|apache|cpanel|local|backups?|tmp|htmp|cache|opt|webmin|data|nm2|saf|lp|mysql|ftp|named|yp)\b|proc/(self|\d+|version|cmdline|cpuinfo|meminfo|mounts|net|sched_debug|sys|config\.gz|filesystems|modules|stat|swaps|uptime|loadavg|partitions|devices|interrupts|ioports)|usr/(local|lib\w*|ports|home|pkg\w*|share|sbin|apache\w*|spool|ucb|etc|internet|src|adm|libexec)/|root/|opt/\w+/|home/\w+/\.?\w+|private/|volumes/\w+/\w|sys/(class|kernel|devices|module|block|bus|power)|boot/|dev/\w|www/(logs?|conf|apache|\w+/)|web/conf|apache\w*/(logs?|conf|php)|php\d*/|logs?/\w+[._-]?\w*log|nginx/|mysql/|program files|xampp/|lampp/|tmp/\w|run/secrets|net/\w+|conf/\w+\.|library/|bin/php)",
        "/var/log/auth.log", "/variety/show"),
    rule("path_traversal.server_config", Path, 0.5, PARAMETER, Plain,
        &["php.ini", "httpd.conf", "apache2.conf", "nginx.conf", "my.cnf", "access_log", "access.log", "error_log", "error.log", "vsftpd", "proftpd", "pureftpd", "pure-ftpd", "lighttpd", "server.xml", "tomcat-users", "xferlog", "maillog", "catalina", "errors.log", "debug.log", "access-log", "mysql.log", "mysqld"],
        r"[/\\.:]([\w-]*(php\d?\.ini|httpd2?\.conf|apache2?\.conf|nginx\.conf|my\.cnf|my\.ini|access[_.-]?logs?|errors?[_.-]?l ?og|debug\.log|vsftpd\.(conf|log)|proftpd\.\w+|pure-?ftpd[./]\w+|lighttpd\.conf|server\.xml|tomcat-users\.xml|xferlog|maillog|catalina\.out|mysqld?(\.|-)\w*(log|err|bin)|extra/httpd-\w+))", "/x/php.ini", "the error.log"),
    rule("path_traversal.secret_file", Path, 0.65, REQUEST, Plain,
        &[".ht", ".ssh", "id_rsa", "id_dsa", "id_ed25519", "id_ecdsa", ".bash", ".env", ".git/", ".svn/", ".hg/", ".aws/", ".kube/", ".docker", "wp-config", "web-inf", "meta-inf", ".history", ".npmrc", ".pgpass", ".netrc", ".mysql_history", "authorized_keys", "known_hosts", "/proc/", "proc/self", "/sys/class", "credentials", ".ds_store", ".gnupg", "shadow", "/@fs/", ".bzr/", ".vscode/", ".idea/", "localsettings.php", "config.php", "settings.php", "configuration.php", "secrets.", "docker-compose", ".zsh_history", ".vimrc", ".profile", ".config/", ".my.cnf", ".azure/", ".rhosts", ".subversion", ".viminfo"],
        r"(^|[/\\=\s\x22'])\.(htaccess|htpasswd|htdigest|htgroup|ssh([/\\]|$)|bash_?\w*(history|rc|profile|aliases)|bash_history|env(\b|\.)|git([/\\]|$|ignore|config)|svn[/\\]|hg[/\\]|bzr[/\\]|aws[/\\]|kube[/\\]|docker([/\\]|cfg|ignore|env)|\w*history\b|npmrc|pgpass|netrc|ds_store|gnupg|vscode[/\\]|idea[/\\]|zsh\w*|vimrc|viminfo|profile\b|config[/\\]|my\.cnf|azure[/\\]|rhosts|subversion|pypirc|s3cfg|boto|dbshell|psqlrc|lesshst|mysql_history)|\bid_(rsa|dsa|ed25519|ecdsa)\b|\bwp-config\b|\b(web|meta)-inf[/\\]|\bauthorized_keys\b|\bproc[/\\]+(self|\d+)[/\\]+\w|[/\\]proc[/\\](version|cmdline|mounts|net|cpuinfo|environ)|[/\\]sys[/\\](class|kernel|devices|module)\b|^[/\\]@fs[/\\]|\b(localsettings|configuration|settings\.local|database|db_config|db)\.(php|yml|inc)\b(\.|~|$)|(^|[/\\])docker-compose\.ya?ml|(^|[/\\])secrets?\.(ya?ml|json|env|toml|txt)\b",
        "/.git/config", "the .environment"),
    rule("path_traversal.hidden_file", Path, 0.4, PATH, Plain, &["/."], r"/\.[a-z_][\w-]*(/|\.\w+$|$)", "/.roo/mcp.json", "/a/.5/b"),
    rule("path_traversal.backup", Path, 0.35, PATH, Plain, &[".bak", ".sql", ".old", ".swp", ".log", "~", ".conf", ".inc", ".mdb", ".ini", ".cfg", ".key", ".pem", ".dump", ".orig", ".save"], r"\.(bak|sql|swp|mdb|cfg|dump|pem|key|conf|inc|ini|orig|save|old)(\.(gz|zip|bz2|tar|7z))?$|\.php(~|\.\w+)$|/(errors?|debug|access|install|laravel|production|development)[_.-]?log(s?\.txt)?$|\.(error|errors|debug)\.log$|/errors?\.log$", "/wp-content/debug.log", "/catalog"),
    rule("path_traversal.null_byte", Path, 0.35, PARAMETER, Plain, &["\0"], r"[\w/\\.]\x00(\.?[\w]{0,5}\.?\w{0,5}$|\.[a-z]{2,4}$)", "x.conf\0", "a\0<b>"),
    rule("path_traversal.wrapper", Path, 0.6, PARAMETER, Plain, &["php://", "phar://", "zip://", "glob://", "zlib://", "compress.", "expect://", "data://", "ogg://", "rar://", "file:", "convert.base64", "input://", "filter/"],
        r"\b(php://(filter|input|output|fd|memory|temp|stdin)|phar://|zip://|glob://|rar://|ogg://|expect://|data://|compress\.(zlib|bzip2)://|zlib://|convert\.(base64|iconv)|string\.rot13)|(^|=)file:/+\w", "php://filter/resource=x", "php: //filter"),
    rule("path_traversal.upload_name", Path, 0.5, FILE, Plain, &["..", "/", "\\"], r"\.\.[/\\]|^[/\\]|^[a-z]:\\", "..\\1.7z", "a..b"),
    rule("path_traversal.tilde", Path, 0.35, PARAMETER, Plain, &["~/", "/~"], r"^(~|/~)\w*/\.?\w", "~/.config", "a ~ b"),
    rule("path_traversal.many_dots", Path, 0.4, PARAMETER, Plain, &["...", "/..", "././", "\\.\\", ".\\"], r"^[/\\]?\.{3,}[/\\]|[/\\]\.{3,}[/\\]?\w|(\./){4,}|(/\.?){6,}[/\\]?\w|([/\\]\.){4,}|(\\\.\\?/?){3,}|(\.\\){3,}", ".../.../x", "wait... /me"),
    rule("path_traversal.redirect_to_tmp", Path, 0.35, PARAMETER, Plain, &[">"], r"^\s*\d?>>?\s*/(tmp|etc|var|dev|home|root|usr)/\w", ">/tmp/curl", ">/tmp"),
    rule("path_traversal.ini_path", Path, 0.4, PARAMETER, Plain, &[".ini", ".log", ".cnf", ".conf", "_log", "/log", "logs/"], r"^[.\s/\\]*([a-z]:)?[/\\]([\w .-]+[/\\]){1,9}[\w.-]*(\.(ini|log|cnf|conf|err)|_log|-log|logs?)(\.\d|\.old|\.gz|\.txt)*[\s\x00]*\.?\w*$", "/x/y/error_log", "log/a"),
];
