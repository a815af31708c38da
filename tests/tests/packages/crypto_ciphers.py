from Crypto.Cipher import AES, DES, DES3, ARC2, ARC4, Blowfish, CAST, ChaCha20, ChaCha20_Poly1305, Salsa20
def h(text): return text.replace(' ', '').decode('hex')
failed = []
def check(name, made, expected):
    if made != h(expected): failed.append('%s: %s' % (name, made.encode('hex')))
key, iv, counter = h('2b7e151628aed2a6abf7158809cf4f3c'), h('000102030405060708090a0b0c0d0e0f'), h('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff')
block = h('6bc1bee22e409f96e93d7e117393172a')
# FIPS 197 and SP 800-38A
check('AES-256', AES.new(h('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'), AES.MODE_ECB).encrypt(h('00112233445566778899aabbccddeeff')), '8ea2b7ca516745bfeafc49904b496089')
check('ECB', AES.new(key, AES.MODE_ECB).encrypt(block), '3ad77bb40d7a3660a89ecaf32466ef97')
check('CBC', AES.new(key, AES.MODE_CBC, iv).encrypt(block), '7649abac8119b246cee98e9b12e9197d')
check('CFB128', AES.new(key, AES.MODE_CFB, iv, segment_size=128).encrypt(block), '3b3fd92eb72dad20333449f8e83cfb4a')
check('OFB', AES.new(key, AES.MODE_OFB, iv).encrypt(block), '3b3fd92eb72dad20333449f8e83cfb4a')
check('CTR', AES.new(key, AES.MODE_CTR, nonce='', initial_value=counter).encrypt(block), '874d6191b620e3261bef6864990db6ce')
# GCM's test case 4
gcm = AES.new(h('feffe9928665731c6d6a8f9467308308'), AES.MODE_GCM, nonce=h('cafebabefacedbaddecaf888'))
gcm.update(h('feedfacedeadbeeffeedfacedeadbeefabaddad2'))
text, tag = gcm.encrypt_and_digest(h('d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39'))
check('GCM', tag, '5bc94fbc3221a5db94fae95ae7121a47')
check('GCM text', text[:16], '42831ec2217774244b7221b784d0d49c')
# SP 800-38C, example 1
ccm = AES.new(h('404142434445464748494a4b4c4d4e4f'), AES.MODE_CCM, nonce=h('10111213141516'), mac_len=4)
ccm.update(h('0001020304050607'))
check('CCM', ''.join(ccm.encrypt_and_digest(h('20212223'))), '7162015b4dac255d')
# EAX's paper, the second vector
eax = AES.new(h('91945d3f4dcbee0bf45ef52255f095a4'), AES.MODE_EAX, nonce=h('becaf043b0a23d843194ba972c66debd'))
eax.update(h('fa3bfd4806eb53fa'))
check('EAX', ''.join(eax.encrypt_and_digest(h('f7fb'))), '19dd5c4c9331049d0bdab0277408f67967e5')
# RFC 5297, A.1
siv = AES.new(h('fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff'), AES.MODE_SIV)
siv.update(h('101112131415161718191a1b1c1d1e1f2021222324252627'))
text, tag = siv.encrypt_and_digest(h('112233445566778899aabbccddee'))
check('SIV', tag + text, '85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c')
# RFC 7253, appendix A
ocb = AES.new(h('000102030405060708090a0b0c0d0e0f'), AES.MODE_OCB, nonce=h('bbaa99887766554433221101'))
ocb.update(h('0001020304050607'))
check('OCB', ''.join(ocb.encrypt_and_digest(h('0001020304050607'))), '6820b3657b6f615a5725bda0d3b4eb3a257c9af1f8f03009')
# RFC 3394, 4.1, and RFC 5649, 6
check('KW', AES.new(h('000102030405060708090a0b0c0d0e0f'), AES.MODE_KW).seal(h('00112233445566778899aabbccddeeff')), '1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5')
check('KWP', AES.new(h('5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8'), AES.MODE_KWP).seal(h('c37b7e6492584340bed12207808941155068f738')), '138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a')
check('KWP short', AES.new(h('5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8'), AES.MODE_KWP).seal(h('466f7250617369')), 'afbeb0f07dfbf5419200f2ccb50bb24f')
check('KWP back', AES.new(h('5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8'), AES.MODE_KWP).unseal(h('afbeb0f07dfbf5419200f2ccb50bb24f')), '466f7250617369')
check('DES', DES.new(h('0123456789abcdef'), DES.MODE_ECB).encrypt('Now is t'), '3fa40e8a984d4815')
check('3DES', DES3.new(h('0123456789abcdef23456789abcdef01456789abcdef0123'), DES3.MODE_ECB).encrypt('The qufck brown fox jump'), 'a826fd8ce53b855fcce21c8112256fe668d5c05dd9b6b900')
check('RC2', ARC2.new(h('88bca90e90875a7f0f79c384627bafb2'), ARC2.MODE_ECB, effective_keylen=128).encrypt('\0' * 8), '2269552ab0f85ca6')
check('RC4', ARC4.new('Key').encrypt('Plaintext'), 'bbf316e8d940af0ad3')
check('Blowfish', Blowfish.new(h('0123456789abcdef'), Blowfish.MODE_ECB).encrypt(h('1111111111111111')), '61f9c3802281b096')
check('CAST-128', CAST.new(h('0123456712345678234567893456789a'), CAST.MODE_ECB).encrypt(h('0123456789abcdef')), '238b4fe5847e44b2')
# RFC 8439, 2.8.2
sealed = ChaCha20_Poly1305.new(key=''.join(map(chr, range(0x80, 0xa0))), nonce=h('070000004041424344454647'))
sealed.update(h('50515253c0c1c2c3c4c5c6c7'))
text, tag = sealed.encrypt_and_digest("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.")
check('ChaCha20-Poly1305', tag, '1ae10b594f09e26a7e902ecbd0600691')
check('ChaCha20', text[:16], 'd31a8d34648e60db7b86afbc53ef7ec2')
# eSTREAM, set 1, vector 0
check('Salsa20', Salsa20.new(h('80000000000000000000000000000000'), nonce='\0' * 8).encrypt('\0' * 16), '4dfa5e481da23ea09a31022050859936')
print failed
