//! libFuzzer's way into [`codehook_fuzz::event`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| codehook_fuzz::event(data));
