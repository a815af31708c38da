//! Random programs for the target `safepoints`, besides its seeds: mostly statements, with few operands between them.

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 600,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_program_computes_the_same_with_safepoints_and_reaches_them_in_time(
        functions in prop::collection::vec(prop::collection::vec(0..20_u8, 0..60), 1..5),
    ) {
        codehook_fuzz::safepoints(&functions.join(&0xFF));
    }
}
