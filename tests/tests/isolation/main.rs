//! What an attacker would try, run by the real program. Each attack says what its script must see; whatever it does, the program ends
//! within its limits with a report, leaves nothing behind and tells nothing of the machine it runs on.

mod attack;
mod bombs;
mod certificates;
mod crashes;
mod egress;
mod files;
mod host;
mod host_calls;
mod names;
mod network;
mod servers;
mod tenants;
