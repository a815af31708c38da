//! libFuzzer's way into [`codehook_fuzz::template`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| codehook_fuzz::template(data));
