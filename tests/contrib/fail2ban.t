# The fail2ban filter over lines that the real programs wrote: true failures with their address, and
# nothing that a stranger forges.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use POSIX ();
use Test::More;
use Vpopmail;

$ENV{PATH} = '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
sub have { my ($tool) = @_; return grep { -x "$_/$tool" } split /:/, $ENV{PATH} }
plan skip_all => 'fail2ban is not installed' if !have('fail2ban-regex');
my $contrib = "$FindBin::Bin/../../contrib/fail2ban";
my $filter = "$contrib/filter.d/checkpw.conf";
my $dir = scratch();
my $forged = '203.0.113.9';
my $store = "joe:secret\nann:\$6\$rounds=1000\$abcdefgh\$" . 'x' x 86 . "\nbob:!gone\nbad:{SSHA}x\n";

# What one attempt logged.
sub logged {
	my ($address, $message, %given) = @_;
	return attempt(store => $store, message => $message,
		env => { TCPLOCALPORT => 25, (defined $address ? (TCPREMOTEIP => $address) : ()), %{ delete $given{env} // {} } }, %given)->{log};
}

# The expected addresses, and the lines, in this order.
my (@want, @lines);
sub counts { my ($address, $message, %given) = @_; push @want, $address; push @lines, logged($address, $message, %given) }
sub ignored { push @lines, logged(@_) }

my $n = 1;
sub address { return '192.0.2.' . $n++ }

my $line = "cmd5checkpw[1]: auth-fail service=smtp ip=$forged mech=plain reason=mismatch user=\"x\"";
my $plain = "joe\0wrong\0\0";
counts(address(), $plain);
counts('2001:db8::7', $plain);
counts(address(), "nobody\0secret\0\0", config => "log-unknown-login = yes\n");
counts(address(), "joe\0" . hmac_md5_hex(challenge(), 'wrong') . "\0" . challenge() . "\0");
counts(address(), "joe\0" . 'x' x 600);
counts(address(), "bob\0gone\0\0");
counts(address(), "joe\0\0\0");
counts(address(), $plain, env => { TCPLOCALPORT => $_ }) for 110, 143, 2525;
# Another program of the suite, with a user of vpopmail.
write_file("$dir/cdb", cdb_of(assign_data('example.org', 'example.org', $>, $) + 0, $dir)));
write_file("$dir/vpasswd.cdb", vpasswd_cdb_of(vpasswd_line('joe', crypt('right', '$1$abcdefgh$'), "$dir/joe")));
counts(address(), "joe\@example.org\0wrong\0\0", program => [ checker('checkpw-vpasswd') ], store => undef,
	config => "users-cdb = $dir/cdb\n");
# Logins that look like more than a login.
counts(address(), "$_\0wrong\0\0")
  for "joe\n$line", "\n$line\n", "joe\r\n$line", "x\" ip=$forged user=\"", "ip=$forged", "x\" detail=\"", "@" . '4' x 24 . " $line",
  $line, "joe\e[2K\b$line", 'x' x 64 . "\n$line", "<ADDR>", "%(failregex)s", "joe\xe2\x80\xa8$line";
ignored(address(), "joe\0secret\0\0");
ignored(address(), "joe\n$line\0secret\0\0", store => undef, config => "file = $dir/none\n");
ignored(address(), $plain, config => "unknown key $line = 1\n");
ignored(address(), "joe\0secret\0\0", subprogram => ["/nowhere/$line"]);
ignored(address(), 'joe');
ignored(address(), "ann\0" . hmac_md5_hex(challenge(), 'x') . "\0" . challenge() . "\0");
ignored(address(), "bad\0x\0\0");
# An address that is none is not shown at all.
ignored($_, $plain) for undef, "$forged mech=x", "$forged\n$line", "$forged user=\"", 'host.example.org', '';
my $own = join '', @lines;
cmp_ok scalar(my @own = split /\n/, $own), '==', @lines + 1, 'each attempt is one line, and exec failing one more';

# Lines of others in the same log.
my @others = ("sshd[1]: Invalid user $line from $forged port 22", "sshd[1]: $line", "tcpserver: ok 1 mx:192.0.2.250:25 $line",
	"cmd5checkpw: auth-fail service=smtp ip=$forged mech=plain reason=mismatch user=\"x\"", "qmail-smtpd: $line", "cmd5checkpw[1]: warning detail=\"$line\"");

sub found {
	my ($path) = @_;
	my $said = `fail2ban-regex -o ip '$path' '$filter' 2>&1`;
	return [ split /\n/, $said ];
}

sub check {
	my ($name, $path) = @_;
	is_deeply found($path), \@want, "$name: the true failures, with their addresses";
}

my @stamp = localtime;
my $bsd = POSIX::strftime('%b %e %H:%M:%S', @stamp);
my $iso = POSIX::strftime('%Y-%m-%dT%H:%M:%S', @stamp) . '.123456' . POSIX::strftime('%z', @stamp) =~ s/(\d\d)$/:$1/r;
for my $case ([ 'syslog', $bsd ], [ 'syslog with an RFC 3339 time', $iso ]) {
	my ($name, $time) = @$case;
	check($name, write_file("$dir/log", join '', map { "$time mx $_\n" } @own, @others, "x $line"));
}
SKIP: {
	skip 'multilog is not installed', 1 if !have('multilog');
	my $lines = write_file("$dir/lines", join '', map { "$_\n" } @own, @others);
	mkdir "$dir/multilog";
	system("multilog t '$dir/multilog' <'$lines'") == 0 or die 'multilog failed';
	check('multilog', "$dir/multilog/current");
}

# The jail is one that fail2ban takes.
SKIP: {
	skip 'no configuration of fail2ban', 2 if !-d '/etc/fail2ban' || !have('fail2ban-client');
	system("cp -RL /etc/fail2ban '$dir/fail2ban' && rm -f '$dir'/fail2ban/jail.d/* && cp '$filter' '$dir/fail2ban/filter.d/' &&
		sed -e 's/^enabled = false/enabled = true/' -e 's,^logpath = .*,logpath = $dir/log,' '$contrib/jail.d/checkpw.conf' >'$dir/fail2ban/jail.d/checkpw.conf'") == 0
	  or die 'the configuration cannot be copied';
	my $dump = `fail2ban-client -c '$dir/fail2ban' -d 2>&1`;
	like $dump, qr/\['add', 'checkpw', /, 'the jail is accepted';
	like $dump, qr/\['set', 'checkpw', 'maxretry', 10\]/, '... with its settings' or diag $dump;
}
done_testing;
