# The profile as the compiler reads it.
# reads: profile/python.profile.xz
# tools: llvm-profdata-19
# makes: python.profdata
# kept: no

xz -dc "$HERE/profile/python.profile.xz" > python.profile
llvm-profdata-19 merge -o "$RESULT/python.profdata" python.profile
