# Secrets for Dovecot and the set-uid bit: who may run the program writes its environment, and must
# not read with it what he may not read without.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Namespace;
use Test::More;

plan skip_all => 'needs root, to make set-id programs' if $> != 0;
my $program = read_file(checker());
plan skip_all => 'sanitizers do not work in set-id programs' if $program =~ /__asan_init/;
own_namespace();
$SIG{ALRM} = sub { die "a checker did not end\n" };
alarm 120;

my ($checkpw, $mail) = (61_101, 61_102);
my $dir = scratch();
my $conf = '/etc/checkpw/cmd5checkpw.conf';
# /tmp may be mounted without set-id bits.
mount_on($dir, '-t', 'tmpfs', '-o', 'mode=1777,suid,dev,exec', 'tmpfs');
mkdir "$dir/$_" or die "mkdir: $!" for qw(etc build build/bin build/tests);
must('cp', '-p', build_dir() . '/tests/probe', "$dir/build/tests");
must('cp', '-a', '/etc/.', "$dir/etc");
mount_on('/etc', '--bind', "$dir/etc");
mkdir '/etc/checkpw';
$ENV{CHECKPW_BUILD} = "$dir/build";

sub put {
	my ($path, $text, $owner, $group, $mode) = @_;
	write_file($path, $text);
	chown $owner, $group, $path or die "chown $path: $!";
	chmod $mode, $path or die "chmod $path: $!";
	return $path;
}

# A run by `real`: the exit code, what the subprogram was handed, and the reason. The environment
# asks for a secret, and also names a configuration that would give it.
sub ask {
	my ($mode, $owner, $real, %given) = @_;
	put(checker(), $program, $owner, $checkpw, $mode);
	put('/etc/poppasswd', "joe:Kennwort-1\n", $given{store_owner} // $checkpw, $checkpw, $given{store} // 0400);
	put($conf, "log = stderr\n" . ($given{config} // "dovecot = yes\ndovecot-credentials = yes\n"), 0, 0, 0644);
	my $own = put("$dir/conf", "log = stderr\ndovecot = yes\ndovecot-credentials = yes\n", $real, $real, 0644);
	my $got = attempt(message => "joe\0" . ($given{password} // '') . "\0\0",
		before => [ 'setpriv', "--reuid=$real", "--regid=$real", '--clear-groups', '--' ],
		env => { CHECKPW_CONF => $own, AUTHORIZED => 1, CREDENTIALS_LOOKUP => 1 });
	return join ' ', $got->{exit}, $got->{env}{password} // 'no secret', $got->{line}{reason} // '-';
}

is ask(04755, $checkpw, $mail), '111 no secret configuration', 'set-uid, run by a mail user: refused';
is ask(06755, $checkpw, $mail), '111 no secret configuration', 'set-uid and set-gid: refused';
is ask(04755, 0, $mail), '111 no secret configuration', 'set-uid root: refused';
is ask(02755, 0, $mail, store => 0440, store_owner => 0), '111 no secret configuration', 'set-gid: refused';
is ask(02755, $checkpw, $checkpw), '0 {PLAIN}Kennwort-1 ok', 'nothing is gained by the bit: answered';
is ask(04755, $checkpw, 0), '0 {PLAIN}Kennwort-1 ok', 'run by root: answered';
is ask(0755, $checkpw, $checkpw), '0 {PLAIN}Kennwort-1 ok', 'no bit, run by the owner of the store: answered';
is ask(0755, $checkpw, $mail), '111 no secret store', 'no bit, run by a mail user: the store is closed to him';
is ask(04755, $checkpw, $mail, config => "dovecot = yes\n"), '0 no secret ok', 'lookups only: the login is found';
is ask(04755, $checkpw, $mail, config => ''), '1 no secret empty', 'no dovecot: the variables mean nothing';
is ask(04755, $checkpw, $mail, password => 'Kennwort-1'), '0 no secret ok', 'a login with a password: accepted';
is ask(04755, $checkpw, $mail, password => 'wrong'), '1 no secret mismatch', '... refused';
done_testing;
