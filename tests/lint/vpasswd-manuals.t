# What the manual of checkpw-vpasswd says agrees with its source, and its sample works. What all programs
# have in common is looked at by manuals.t.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Test::More;
use Vpopmail;

my $root = "$FindBin::Bin/../..";
my ($manual, $format, $sample) = map { text("checkpw-vpasswd/checkpw-vpasswd.$_") } qw(8 conf.5 conf.sample);
my $store = text('checkpw-vpasswd/vpopmail.c');

sub text {
	my ($path) = @_;
	return read_file("$root/$path") // die "$path: $!";
}

# All that `pattern` captures in `text`, each once; none at all means that the pattern is outdated.
sub names {
	my ($what, $text, $pattern) = @_;
	my %seen;
	my @names = grep { !$seen{$_}++ } $text =~ /$pattern/g;
	cmp_ok scalar @names, '>', 0, "$what: found in the source";
	return @names;
}

# Defaults.
for my $key (qw(users-cdb vpopmail-home)) {
	(my $variable = $key) =~ tr/-/_/;
	my ($default) = $store =~ /\b\Q$variable\E\[\w+\] = "([^"]+)";/;
	my ($explanation) = $format =~ /^\.It Ic \Q$key\E (.*?)^\.It /ms;
	like $explanation, qr/^\.Pa \Q$default\E \.$/m, "the default of $key stands in the manual";
	like $sample, qr/^#\Q$key\E = \Q$default\E$/m, '... and in the sample';
}
my $text = join "", text("common/credential.h") =~ /#define CREDENTIAL_DECOY(.*?)\n\n/s;
my $decoy = join '', $text =~ /"([^"]*)"/g;
$decoy =~ s/^\{CRYPT\}//;
like $sample, qr/^#decoy = \Q$decoy\E$/m, 'the decoy of the sample is the default of the program';

# Flags, keywords, variables, warnings.
my $flags = text('common/vflags.c');
my %word = names('keywords', $flags, qr/\{ "(disable_(?:pop|imap|smtp|webmail))", (VFLAG_NO_\w+) \}/);
for my $keyword (grep { /^disable_/ } %word) {
	my $flag = 'NO_' . uc substr $keyword, length 'disable_';
	like $manual, qr/^\.It Li $flag Ta Li $keyword Ta \S/m, "$flag and $keyword stand in the manual";
}
for my $reason (names('reasons', $flags, qr/\b(REASON_NO_\w+)/)) {
	my ($written) = text('common/reason.c') =~ /\[$reason\] = \{ "([^"]+)"/;
	like $manual, qr/^\.It Li (?:[\w-]+ , )*\Q$written\E(?: ,|$)/m, "reason $written stands in the manual";
}
for my $variable (names('environment', $store, qr/\bgetenv\("([^"]+)"/)) {
	like $manual, qr/^\.It Ev \Q$variable\E$/m, "\$$variable stands in the manual";
}
for my $variable (names('environment that is set', $store, qr/\bsetenv\("([^"]+)"/), qw(USER HOME SHELL)) {
	like $manual, qr/^\.Ev \Q$variable\E(?: ,)?$/m, "\$$variable that is set stands in the manual";
}
for my $warning (names('warnings', $store, qr/"(\/vpasswd\.cdb is [^";]+)/)) {
	like $manual, qr/^\.It Li \.\.\.\Q$warning\E/m, "the warning '$warning' stands in the manual";
}
for my $size ([ 'checkpw-vpasswd/user.h', 'USER_MAX_BYTES', 0 ], [ 'checkpw-vpasswd/domain.h', 'DOMAIN_DIRECTORY_BYTES', 1 ]) {
	my ($file, $name, $nul) = @{$size};
	my ($bytes) = text($file) =~ /^#define $name (\d+)/m;
	like $manual, qr/\b@{[ $bytes - $nul ]} bytes/, "$name stands in the manual";
}

# The sample works as it is, and with all keys set.
my $dir = scratch();
my $hash = crypt 'secret', '$6$rounds=1000$abcdefgh$';
make_path("$dir/users");
make_path("$dir/example.org");
write_file("$dir/users/cdb", cdb_of(assign_data('example.org', 'example.org', 61_000, 61_000, "$dir/example.org")));
my $line = vpasswd_line('joe', $hash, "$dir/example.org/joe");
write_file("$dir/example.org/vpasswd", $line);
write_file("$dir/example.org/vpasswd.cdb", vpasswd_cdb_of($line));
(my $set = $sample) =~ s/^#(?=[a-z][a-z-]* = )//mg;
for my $case ([ 'as it is', $sample ], [ 'with every key set', $set ]) {
	my ($name, $config) = @{$case};
	$config =~ s/^(?:log|users-cdb) = .*\n//mg;
	my $got = attempt(message => "joe\0secret\0\0", program => [ checker('checkpw-vpasswd') ], env => { TCPLOCALPORT => 25, VPOPMAIL_DOMAIN => 'example.org' },
		config => "users-cdb = $dir/users/cdb\n$config");
	is $got->{line}{reason}, 'ok', "the sample works $name" or diag $got->{log};
}

# The scripts of the manual have what they need.
my @scripts = $manual =~ /^\.Bd -literal -offset indent\n(#!.*?)^\.Ed$/msg;
is scalar @scripts, 2, 'there is a script for SMTP and one for POP3';
for my $script (@scripts) {
	(my $plain = $script) =~ s/\\e$/\\/mg;
	write_file("$dir/script", $plain);
	is system('sh', '-n', "$dir/script"), 0, '... that a shell can read';
	like $plain, qr{^exec softlimit -m 7340032 tcpserver .*/checkpw-vpasswd \\?\s*/}ms, '... and that starts the checker with a subprogram';
}
done_testing;
