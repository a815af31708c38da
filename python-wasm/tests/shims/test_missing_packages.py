"""A module of a well-known package that is not there says where it comes from; any other is missing in Python's own
words."""
import sys
import unittest


def message(statement):
    try:
        exec statement in {}
    except ImportError, error:
        return str(error)
    raise AssertionError('%s succeeded' % statement)


class Packages(unittest.TestCase):
    def test_a_package_in_python_comes_with_the_command_that_adds_it(self):
        self.assertEqual(message('import splunklib.client'),
                         'No module named splunklib: the package splunk-sdk is not installed; an operator adds it with: '
                         'codehook packages add splunk-sdk==VERSION')
        self.assertEqual(message('from netaddr import IPNetwork'),
                         'No module named netaddr: the package netaddr is not installed; an operator adds it with: '
                         'codehook packages add netaddr==VERSION')

    def test_machine_code_comes_with_a_way_without(self):
        text = message('import numpy')
        self.assertTrue(text.startswith('No module named numpy: the package numpy is machine code, which a hook cannot load: '), text)
        self.assertIn('ldap3', message('import ldap'))

    def test_what_could_reach_nothing_says_so(self):
        self.assertIn('a hook has no connections but HTTP', message('import pymongo'))

    def test_an_unknown_name_has_pythons_own_words(self):
        self.assertEqual(message('import acme_rockets'), 'No module named acme_rockets')
        self.assertEqual(message('import acme_rockets.engines'), 'No module named acme_rockets.engines')
        self.assertEqual(message('import json.numpy'), 'No module named numpy')

    def test_part_of_a_shared_name_is_told_apart(self):
        self.assertIn('grpcio', message('from google.cloud import storage'))
        self.assertEqual(message('import google.rockets'), 'No module named rockets')

    def test_an_optional_import_takes_its_other_branch(self):
        try:
            import numpy
        except ImportError:
            numpy = None
        self.assertIsNone(numpy)
        self.assertNotIn('numpy', sys.modules)

    def test_a_module_of_the_name_wins(self):
        import os
        import tempfile
        folder = tempfile.mkdtemp()
        path = os.path.join(folder, 'numpy.py')
        with open(path, 'w') as stream:
            stream.write('here = True\n')
        sys.path.append(folder)
        try:
            import numpy
            self.assertTrue(numpy.here)
        finally:
            sys.path.remove(folder)
            sys.modules.pop('numpy', None)
            os.remove(path)
            os.rmdir(folder)


unittest.main(argv=sys.argv[:1])
