//! libFuzzer's way into [`codehook_fuzz::response`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| codehook_fuzz::response(data));
