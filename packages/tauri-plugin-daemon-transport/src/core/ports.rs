//! Ports that belong to other services. `*` in a scope entry leaves them out: a page that may reach "any port of
//! this computer" is not meant to write a request of its making into a mail server, a database or a debugger.

/// A service that is reached only by an entry that names its port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    first: u16,
    last: u16,
    /// Its name, for messages.
    pub name: &'static str,
}

const fn at(port: u16, name: &'static str) -> Service {
    Service {
        first: port,
        last: port,
        name,
    }
}

const fn from_to(first: u16, last: u16, name: &'static str) -> Service {
    Service { first, last, name }
}

/// Where browsers open no WebSocket either: the bad ports of the Fetch Standard (section "Port blocking").
const BLOCKED_BY_BROWSERS: &[Service] = &[
    at(1, "tcpmux"),
    at(7, "echo"),
    at(9, "discard"),
    at(11, "systat"),
    at(13, "daytime"),
    at(15, "netstat"),
    at(17, "qotd"),
    at(19, "chargen"),
    from_to(20, 21, "FTP"),
    at(22, "SSH"),
    at(23, "Telnet"),
    at(25, "SMTP"),
    at(37, "time"),
    at(42, "name"),
    at(43, "whois"),
    at(53, "DNS"),
    at(69, "TFTP"),
    at(77, "private RJE"),
    at(79, "finger"),
    at(87, "terminal link"),
    at(95, "supdup"),
    at(101, "hostname"),
    at(102, "ISO-TSAP"),
    at(103, "X.400"),
    at(104, "DICOM"),
    from_to(109, 110, "POP"),
    at(111, "the RPC port mapper"),
    at(113, "ident"),
    at(115, "SFTP"),
    at(117, "UUCP paths"),
    at(119, "NNTP"),
    at(123, "NTP"),
    at(135, "the RPC endpoint mapper"),
    from_to(137, 139, "NetBIOS"),
    at(143, "IMAP"),
    at(161, "SNMP"),
    at(179, "BGP"),
    at(389, "LDAP"),
    at(427, "SLP"),
    at(465, "SMTP"),
    from_to(512, 514, "remote shells"),
    at(515, "printing"),
    at(526, "tempo"),
    from_to(530, 532, "courier, chat and netnews"),
    at(540, "UUCP"),
    at(548, "AFP"),
    at(554, "RTSP"),
    at(556, "remotefs"),
    at(563, "NNTP"),
    at(587, "SMTP"),
    at(601, "syslog"),
    at(636, "LDAP"),
    from_to(989, 990, "FTP"),
    at(993, "IMAP"),
    at(995, "POP"),
    from_to(1719, 1720, "H.323"),
    at(1723, "PPTP"),
    at(2049, "NFS"),
    at(3659, "Apple SASL"),
    at(4045, "NFS locks"),
    at(4190, "Sieve"),
    from_to(5060, 5061, "SIP"),
    at(6000, "X11"),
    at(6566, "SANE"),
    from_to(6665, 6669, "IRC"),
    at(6679, "IRC"),
    at(6697, "IRC"),
    at(10080, "Amanda"),
];

/// Services that often trust whoever is on the same computer: a request without an `Origin`, which is what the
/// plugin sends, may be all that they ask for.
const TRUST_THIS_COMPUTER: &[Service] = &[
    at(445, "SMB"),
    at(873, "rsync"),
    at(1433, "SQL Server"),
    at(1521, "Oracle"),
    from_to(2375, 2376, "Docker"),
    from_to(2379, 2380, "etcd"),
    at(3306, "MySQL"),
    at(3389, "RDP"),
    at(5432, "PostgreSQL"),
    at(5900, "VNC"),
    from_to(6001, 6063, "X11"),
    at(6379, "Redis"),
    at(9222, "a browser's debugger"),
    at(9229, "the debugger of Node"),
    at(11211, "memcached"),
    at(27017, "MongoDB"),
];

/// The service that a port belongs to.
pub fn service_at(port: u16) -> Option<&'static Service> {
    BLOCKED_BY_BROWSERS
        .iter()
        .chain(TRUST_THIS_COMPUTER)
        .find(|service| (service.first..=service.last).contains(&port))
}
