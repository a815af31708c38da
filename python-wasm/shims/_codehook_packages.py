"""Which package a module that is not there comes from, and what to do about it.

It owns the table of well-known import names and turns a name into the text of an ImportError. It refuses to guess: a
name that is not in the table keeps Python's own message.
"""

# Import name, the package that brings it, and the last version for Python 2.7 where it is known for sure. An asterisk:
# its C code is optional.
_PURE = """
    PyPDF2 PyPDF2 1.28.6
    adal adal
    arrow arrow
    attr attrs
    boto boto
    boto3 boto3 1.17.112
    botocore botocore 1.20.112
    bs4 beautifulsoup4 4.9.3
    cachetools cachetools
    certifi certifi 2021.10.8
    chardet chardet 4.0.0
    click click
    colorama colorama
    concurrent futures
    configparser configparser
    consul python-consul
    contextlib2 contextlib2
    datadog datadog
    dateutil python-dateutil
    decorator decorator
    dns dnspython
    docutils docutils
    duo_client duo_client 4.3.1
    elasticsearch elasticsearch
    enum enum34
    feedparser feedparser 5.2.1
    functools32 functools32
    future future
    github PyGithub
    gitlab python-gitlab
    google.auth google-auth
    google.oauth2 google-auth
    google.protobuf protobuf
    googleapiclient google-api-python-client
    html5lib html5lib 1.1
    httplib2 httplib2 0.22.0
    humanize humanize
    hvac hvac
    idna idna 2.10
    importlib_metadata importlib-metadata
    importlib_resources importlib-resources
    inflection inflection 0.3.1
    influxdb influxdb
    interfax interfax 1.0.0
    ipaddress ipaddress
    iso8601 iso8601
    isodate isodate
    jenkins python-jenkins
    jinja2 Jinja2 2.11.3
    jira jira 2.0.0
    jmespath jmespath
    jsonschema jsonschema
    jwt PyJWT 1.7.1
    kubernetes kubernetes
    ldap3 ldap3
    mandrill mandrill
    markdown Markdown 3.1.1
    markupsafe MarkupSafe* 1.1.1
    mock mock
    msrest msrest
    netaddr netaddr
    oauth2client oauth2client
    oauthlib oauthlib 3.1.0
    okta okta 0.0.4
    openpyxl openpyxl
    packaging packaging
    pathlib pathlib
    pathlib2 pathlib2
    pdpyras pdpyras 4.2.1
    phonenumbers phonenumbers
    pkg_resources setuptools
    prettytable prettytable
    pyasn1 pyasn1
    pyasn1_modules pyasn1-modules
    pygerduty pygerduty 0.38.3
    pyotp pyotp
    pyparsing pyparsing 2.4.7
    pysnow pysnow 0.7.17
    python_http_client python-http-client
    pytz pytz
    qrcode qrcode
    raven raven
    reportlab reportlab* 3.5.59
    requests requests 2.27.1
    requests_oauthlib requests-oauthlib 1.3.1
    requests_toolbelt requests-toolbelt
    retrying retrying
    rsa rsa
    s3transfer s3transfer
    sendgrid sendgrid
    sentry_sdk sentry-sdk
    setuptools setuptools
    simple_salesforce simple-salesforce
    simplejson simplejson*
    singledispatch singledispatch
    six six 1.17.0
    slacker slacker
    slackclient slackclient 1.3.2
    splunklib splunk-sdk
    stripe stripe
    suds suds-jurko
    tabulate tabulate 0.8.10
    tenacity tenacity
    termcolor termcolor
    twilio twilio 6.63.2
    typing typing
    unicodecsv unicodecsv
    unidecode Unidecode
    uritemplate uritemplate
    urllib3 urllib3 1.26.20
    validators validators
    webencodings webencodings 0.5.1
    wrapt wrapt*
    xhtml2pdf xhtml2pdf 0.2.4
    xlrd xlrd
    xlsxwriter XlsxWriter
    xlwt xlwt
    xmltodict xmltodict 0.12.0
    yaml PyYAML* 5.4.1
    zenpy zenpy 2.0.24
    zipp zipp
"""

_HASHES = 'hashlib and hmac make hashes and HMAC signatures; have anything else signed or encrypted by a service over HTTP'
_NUMBERS = 'use lists, math and decimal, or ask a service over HTTP'
_TABLES = 'use csv and lists, or ask a service over HTTP'
_IMAGES = 'have pictures made by a service over HTTP'
_DIRECTORY = ('ldap3 is pure Python and serves for filters and LDIF; for the directory itself use an HTTP interface of it, '
              'as a hook has no connections but HTTP')
_DATABASE = 'use an HTTP interface of the database, or a service in front of it, as a hook has no connections but HTTP'
_THREADS = 'call one after the other'

# Import name -> package and what to use in its place.
_NATIVE = {
    'Crypto': ('pycrypto', _HASHES),
    'Cryptodome': ('pycryptodomex', _HASHES),
    'Levenshtein': ('python-Levenshtein', 'difflib compares strings'),
    'M2Crypto': ('M2Crypto', _HASHES),
    'MySQLdb': ('MySQL-python', _DATABASE),
    'OpenSSL': ('pyOpenSSL', 'HTTPS works without, through urllib2 or requests; ' + _HASHES),
    'PIL': ('Pillow', _IMAGES),
    'apsw': ('apsw', 'use dictionaries, json or csv on a file in /tmp'),
    'bcrypt': ('bcrypt', _HASHES),
    'cffi': ('cffi', 'use a pure-Python package'),
    'cryptography': ('cryptography', _HASHES),
    'cv2': ('opencv-python', _IMAGES),
    'cx_Oracle': ('cx_Oracle', _DATABASE),
    'gevent': ('gevent', _THREADS),
    'greenlet': ('greenlet', _THREADS),
    'grpc': ('grpcio', 'use the JSON interface of the service over HTTP'),
    'gssapi': ('gssapi', 'use a token or a password over HTTPS'),
    'kerberos': ('kerberos', 'use a token or a password over HTTPS'),
    'ldap': ('python-ldap', _DIRECTORY),
    'lxml': ('lxml', 'xml.etree.ElementTree and html5lib parse XML and HTML'),
    'matplotlib': ('matplotlib', _IMAGES),
    'nacl': ('PyNaCl', _HASHES),
    'numpy': ('numpy', _NUMBERS),
    'pandas': ('pandas', _TABLES),
    'paramiko': ('paramiko (through cryptography)', 'a hook has no SSH: have the command run by a service over HTTP'),
    'psutil': ('psutil', 'a hook is one process and sees nothing of the machine'),
    'psycopg2': ('psycopg2', _DATABASE),
    'pycurl': ('pycurl', 'use urllib2 or requests'),
    'pymssql': ('pymssql', _DATABASE),
    'pyodbc': ('pyodbc', _DATABASE),
    'regex': ('regex', 'use re'),
    'scipy': ('scipy', _NUMBERS),
    'sklearn': ('scikit-learn', 'ask a service over HTTP'),
    'tensorflow': ('tensorflow', 'ask a service over HTTP'),
    'ujson': ('ujson', 'use json'),
    'win32api': ('pywin32', 'use the HTTP interface of the system in question'),
    'win32com': ('pywin32', 'use the HTTP interface of the system in question'),
    'zmq': ('pyzmq', 'use HTTP'),
}

# Packages that would load and could reach nothing.
_OTHER_PROTOCOLS = {
    'kafka': ('kafka-python', 'use an HTTP interface, such as a REST proxy'),
    'pika': ('pika', 'use the HTTP interface of the message broker'),
    'pymongo': ('pymongo', _DATABASE),
    'pymysql': ('PyMySQL', _DATABASE),
    'redis': ('redis', 'use an HTTP interface of it'),
    'slixmpp': ('slixmpp', 'use the HTTP interface of the chat service'),
    'socks': ('PySocks', 'a proxy is the business of the machine that runs the hook'),
    'websocket': ('websocket-client', 'ask over HTTP, repeatedly if need be'),
}

# Names that several packages share.
_SHARED = {
    'google': 'the packages below it (google-auth, google-api-python-client, protobuf) are not installed; an operator adds '
              'one with: codehook packages add NAME==VERSION',
    'google.cloud': 'the google-cloud packages need grpcio, which is machine code that a hook cannot load: use the JSON '
                    'interface of the service over HTTP, with google-auth for its tokens',
}


def _table():
    reasons = dict(_SHARED)
    for line in _PURE.split('\n'):
        words = line.split()
        if words:
            package, version = words[1], words[2] if len(words) > 2 else 'VERSION'
            name = package.rstrip('*')
            option = ' --without-extension' if name != package else ''
            reasons[words[0]] = ('the package %s is not installed; an operator adds it with: codehook packages add %s==%s%s'
                                 % (name, name, version, option))
    for name, (package, advice) in _NATIVE.items():
        reasons[name] = 'the package %s is machine code, which a hook cannot load: %s' % (package, advice)
    for name, (package, advice) in _OTHER_PROTOCOLS.items():
        reasons[name] = ('the package %s speaks a protocol of its own, and a hook has no connections but HTTP: %s'
                         % (package, advice))
    return reasons


REASONS = _table()
