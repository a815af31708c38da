//! Dates, time zones, addresses.

use crate::{Use, prints};

pub(crate) const USES: &[Use] = &[
    ("ipaddress", ipaddress_knows_networks),
    ("python-dateutil", dateutil_parses_repeats_and_converts),
    ("pytz", pytz_converts_between_zones),
];

#[test]
fn dateutil_parses_repeats_and_converts() {
    prints(
        r#"
from datetime import datetime, timedelta
from dateutil import parser, rrule, tz, relativedelta, easter
print parser.parse('May 14, 2024 9:05 PM UTC').isoformat(), parser.parse('14.5.2024', dayfirst=True).date()
print parser.isoparse('2024-05-14T09:00:00.250Z') - datetime(2024, 5, 14, 8, tzinfo=tz.UTC)
weekdays = rrule.rrulestr('DTSTART:20240510T090000\nRRULE:FREQ=WEEKLY;BYDAY=MO,FR;COUNT=4')
print [day.strftime('%a %d') for day in weekdays]
print datetime(2024, 1, 31) + relativedelta.relativedelta(months=1), easter.easter(2024)
berlin = tz.gettz('Europe/Berlin')
summer = datetime(2024, 7, 1, 12, tzinfo=berlin)
print summer.utcoffset(), summer.astimezone(tz.UTC).hour, datetime(2024, 1, 1, tzinfo=berlin).tzname()
print tz.gettz('No/Where'), tz.tzlocal().utcoffset(datetime(2024, 7, 1))
try:
    parser.parse('no date at all')
except ValueError as error:
    print type(error).__name__
"#,
        "2024-05-14T21:05:00+00:00 2024-05-14\n1:00:00.250000\n\
         ['Fri 10', 'Mon 13', 'Fri 17', 'Mon 20']\n2024-02-29 00:00:00 2024-03-31\n\
         2:00:00 10 CET\nNone 0:00:00\nParserError\n",
    );
}

#[test]
fn pytz_converts_between_zones() {
    prints(
        r#"
import pytz
from datetime import datetime
new_york = pytz.timezone('America/New_York')
noon = pytz.utc.localize(datetime(2024, 3, 10, 12))
print noon.astimezone(new_york).strftime('%H:%M %Z'), noon.astimezone(pytz.timezone('Asia/Kolkata')).strftime('%H:%M %z')
print len(pytz.common_timezones) > 400, pytz.country_timezones['ch']
for when in (datetime(2024, 3, 10, 2, 30), datetime(2024, 11, 3, 1, 30)):
    try:
        new_york.localize(when, is_dst=None)
    except pytz.InvalidTimeError as error:
        print type(error).__name__
try:
    pytz.timezone('No/Where')
except pytz.UnknownTimeZoneError as error:
    print error
"#,
        "08:00 EDT 17:30 +0530\nTrue [u'Europe/Zurich']\nNonExistentTimeError\nAmbiguousTimeError\n'No/Where'\n",
    );
}

#[test]
fn ipaddress_knows_networks() {
    prints(
        r#"
import ipaddress
network = ipaddress.ip_network(u'10.1.0.0/22')
print ipaddress.ip_address(u'10.1.3.7') in network, network.num_addresses, network.netmask, ipaddress.ip_address(u'10.1.3.7').is_private
print list(ipaddress.summarize_address_range(ipaddress.ip_address(u'192.0.2.0'), ipaddress.ip_address(u'192.0.2.130')))[-1]
print ipaddress.ip_address(u'2001:db8::1').exploded, int(ipaddress.ip_address(u'255.255.255.255')) == 2 ** 32 - 1
try:
    ipaddress.ip_network(u'10.1.0.1/22')
except ValueError as error:
    print error
"#,
        "True 1024 255.255.252.0 True\n192.0.2.130/32\n2001:0db8:0000:0000:0000:0000:0000:0001 True\n10.1.0.1/22 has host bits set\n",
    );
}
