# The manuals are clean, and say all that an operator can meet: every reason, key, variable and
# scheme. The sample configurations name every key, and they and the examples work.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Test::More;

my $root = "$FindBin::Bin/../..";
my $manual = text('cmd5checkpw/cmd5checkpw.8');
my $format = text('cmd5checkpw/poppasswd.5');
my @sources = map { substr $_, length "$root/" } glob "$root/common/*.c";

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

# The text of one section of a manual.
sub section {
	my ($text, $title) = @_;
	return $text =~ /^\.Sh \Q$title\E\n(.*?)(?=^\.Sh |\z)/ms ? $1 : '';
}

my @manuals = map { substr $_, length "$root/" } glob "$root/*/*.[1-9]";
SKIP: {
	skip 'mandoc is not installed', scalar @manuals if !grep { -x "$_/mandoc" } split /:/, $ENV{PATH};
	for my $page (@manuals) {
		my $complaints = `mandoc -T lint -W warning '$root/$page' 2>&1`;
		is $complaints, '', "$page is clean";
	}
}
# In a cell of a table a word that is the name of a macro is lost, and groff, unlike mandoc, does
# not wrap a cell: a row is one line.
for my $page (@manuals) {
	my $macro = qr/ Ta (?:No|Op|Do|Ns|At|An|Pa|Eo|Bo|Po|So) [a-z]/;
	my @eaten = grep { /^\.It .*$macro/ } split /\n/, text($page);
	is_deeply \@eaten, [], "$page: no cell of a table begins with a macro by accident";
	my @wrapped = text($page) =~ /^(\.It .* Ta .*)\n(?!\.It |\.El|\.\\")/mg;
	is_deeply \@wrapped, [], "$page: each row of a table is one line";
}

# Each reason stands in some manual, and no manual has it under another exit code, or a word that
# is none.
my %heading = (
	ACCEPTED => 'No exit,', REFUSED => 'Exit 1,', MISUSE => 'Exit 2,', TEMPORARY => 'Exit 111,',
);
my %outcome = text('common/reason.c') =~ /^\t\[REASON_\w+\] = \{ "([^"]+)", OUTCOME_(\w+) \}/mg;
my (%told, %referred);
for my $page (grep { /\.8$/ } @manuals) {
	my $log = section(text($page), 'LOG');
	while ($log =~ /^((?:No exit|Exit \d+),) .*?^(.*?)^\.El$/msg) {
		my ($exit, $group) = ($1, $2);
		while ($group =~ /^\.It Li (.*)\n(?=[^.\n]|\.[A-Z][a-z] )(As in\n\.Xr cmd5checkpw 8)?/mg) {
			my ($words, $elsewhere) = ($1, $2);
			for my $word (split / , /, $words) {
				is $heading{ $outcome{$word} // '' } // 'none', $exit, "$page: reason $word stands under '$exit'";
				my $stands = $elsewhere ? \%referred : \%told;
				$stands->{$word}{$page} = 1;
			}
		}
	}
}
for my $word (names('reasons', text('common/reason.c'), qr/^\t\[REASON_\w+\] = \{ "([^"]+)"/m)) {
	ok $told{$word}, "reason $word stands in a manual";
	ok $told{$word}{'cmd5checkpw/cmd5checkpw.8'}, '... in the one that is referred to' if $referred{$word};
}

# Each program with the source of its own keys, and the text that explains all of its keys. Those
# of checkers it has only if it is one.
my @programs = (
	[ 'cmd5checkpw', 'common/userfile.c', section($manual, 'CONFIGURATION') ],
	map { [ $_->[0], "$_->[0]/$_->[1]", section(text("$_->[0]/$_->[0].conf.5"), 'DESCRIPTION') ] } (
		[ 'checkpw-passwd', 'system.c' ], [ 'checkpw-vpasswd', 'vpopmail.c' ], [ 'checkpw-mysql', 'settings.c' ],
		[ 'checkpw-chain', 'chain.c' ],
	)
);
my ($of_checkers) = text('common/configuration.c') =~ /\bcommon_keys\[\] = \{(.*?)^\};/ms;
my %of_checkers = map { $_ => 1 } names('keys of checkers', $of_checkers, qr/\{ "([^"]+)", CONFIGURATION_[A-Z]+,/);
my %keys;
for my $case (@programs) {
	my ($program, $own, $explained) = @$case;
	my %key;
	for my $source ('common/configuration.c', $own) {
		$key{$_} = 1 for names("keys of $source", text($source), qr/\{ "([^"]+)", CONFIGURATION_[A-Z]+,/);
	}
	delete @key{ keys %of_checkers } if $program eq 'checkpw-chain';
	for my $key (sort keys %key) {
		like $explained, qr/^\.It Ic \Q$key\E Ns = Ns /m, "$program: key $key stands in the manual";
	}
	my @explained = $explained =~ /^\.It Ic ([a-z-]+) Ns = Ns /mg;
	is_deeply [ sort @explained ], [ sort keys %key ], "$program: the manual explains every key once";
	$keys{$program} = [ sort keys %key ];
}

my $environment = section($manual, 'ENVIRONMENT');
my $reads = qr/\b(?:getenv|environment_says)\("([^"]+)"/;
my %variable = map { $_ => 1 } names('environment', join('', map { text($_) } @sources), $reads);
for my $variable (sort keys %variable) {
	like $environment, qr/^\.It Ev \Q$variable\E$/m, "\$$variable stands in the manual";
}

# The kind of a scheme decides which mechanisms it serves.
my $schemes = $format =~ /^\.Ss Schemes\n(.*?)^\.S[sh] /ms ? $1 : '';
my %serves = (CLEAR => 'yes Ta yes Ta yes', CONTEXT => 'yes Ta yes Ta no');
my %kind = text('common/scheme.c') =~ /^\t\{ "([A-Z0-9-]+)", "[^"]*", (\w+)/mg;
for my $scheme (names('schemes', text('common/scheme.c'), qr/^\t\{ "([A-Z0-9-]+)", "/m)) {
	my $cells = $serves{ $kind{$scheme} } // 'yes Ta no Ta no';
	like $schemes, qr/^\.It Li \{\Q$scheme\E\} Ta $cells Ta \S/m,
	  "scheme $scheme stands in poppasswd(5) with what it serves";
}

# The samples: all keys, each once, commented out; accepted as they are, and with all of them set.
my $users = write_file(scratch() . '/users', "joe:secret\n");
my %login = (
	cmd5checkpw => { message => "joe\0secret\0\0", file => $users, expected => qr/^ok$/ },
	# Who may not read the hashes gets `store`; anybody else knows no such account.
	'checkpw-passwd' => { message => "no such login\0secret\0\0", expected => qr/^(?:mismatch|store)$/ },
	'checkpw-chain' => { message => "joe\0secret\0\0", expected => qr/^(?:usage|link|ok)$/ },
	# That of checkpw-vpasswd needs a domain: vpasswd-manuals.t. There is no server here; asking for it
	# comes after all checks of the settings.
	'checkpw-mysql' => { message => "joe\0secret\0\0", expected => qr/^store$/ },
);
for my $program (sort keys %keys) {
	my $sample = text("$program/$program.conf.sample");
	my @named = $sample =~ /^#([a-z][a-z-]*) = /mg;
	is_deeply [ sort @named ], $keys{$program}, "$program: the sample names every key once";
	unlike $sample, qr/^[^#\n]/m, '... nothing in it is set';
	(my $set = $sample) =~ s/^#(?=[a-z][a-z-]* = )//mg;
	$set =~ s/^(?:log|file|password-file) = .*\n//mg;
	$set =~ s/^(servers) = .*/$1 = \/nowhere/m;
	next if !$login{$program};
	for my $case ([ 'it is accepted', $sample ], [ 'it is accepted with every key set', $set ]) {
		my ($name, $config) = @$case;
		my $variable = $program eq 'checkpw-chain' ? 'CHECKPW_CHAIN_CONF' : 'CHECKPW_CONF';
		my $conf = write_file(scratch() . '/conf', "log = stderr\n" . (defined $login{$program}{file} ? "file = $users\n" : '') . $config);
		my $got = attempt(message => $login{$program}{message}, env => { CHECKPW_CONF => '', $variable => $conf },
			program => [ checker($program) ]);
		like $got->{line}{reason} // '', $login{$program}{expected}, "... $name" or diag $got->{log};
		like $got->{line}{detail}, $set eq $config ? qr{^"/nowhere: } : qr/: user is not set"$/, '... that is, there is no server' if $program eq 'checkpw-mysql';
	}
}

# checkpw-mysql: schemas with their queries, parameters, columns, defaults and limits.
{
	my $conf = text('checkpw-mysql/checkpw-mysql.conf.5');
	my $settings = text('checkpw-mysql/settings.c');
	my $source = text('checkpw-mysql/query.c');
	my %part = map { my ($title, $body) = /^([^\n]+)\n(.*)/s; ($title => $body) } split /^\.S[sh] /m, $conf;
	my $schemas = $part{Schemas};
	my %word = $source =~ /^\t\[(SCHEMA_\w+)\] = "([^"]+)",$/mg;
	my ($explained) = $conf =~ /^\.It Ic schema Ns = Ns Cm (.*)$/m;
	is $explained, join(' | ', map { $word{$_} } $source =~ /^\t\[(SCHEMA_\w+)\] = "[^"]+",$/mg), 'the key schema has every schema';
	my ($queries) = $source =~ /^static const char \*const queries.*?\{\n(.*?)^\};/ms;
	for my $schema (names('schemas', $queries, qr/\[(SCHEMA_\w+)\] =/)) {
		my ($pieces) = $queries =~ /\[$schema\] =((?:\s*"[^"]*")+)/;
		my $query = join '', $pieces =~ /"([^"]*)"/g;
		my ($shown) = $schemas =~ /^\.It Cm \Q$word{$schema}\E\n.*?^\.Bd -literal\n(.*?)^\.Ed$/ms;
		is join(' ', split ' ', $shown // ''), $query, "schema $word{$schema} stands in the manual with its query";
	}
	is_deeply [ $part{Parameters} =~ /^\.It Li :([a-z-]+)$/mg ], [ names('parameters', $source, qr/\[PARAMETER_\w+\] = "([^"]+)"/) ], 'the manual has every parameter';
	my $row = text('checkpw-mysql/row.c');
	is_deeply [ $part{Columns} =~ /^\.It Ic ([a-z]+)$/mg ], [ names('columns', $row, qr/\[COLUMN_\w+\] = \{ "([^"]+)"/) ], '... and every column';
	my %bytes = $row =~ /\[COLUMN_\w+\] = \{ "([^"]+)", (\d+) \}/g;
	like $part{Columns}, qr/^\.It Ic $_\n(?:(?!\.It ).*\n)*?.*up to $bytes{$_} bytes/im, "... how long $_ may be" for sort keys %bytes;
	my %limit = $settings =~ /\{ "([a-z-]+)", CONFIGURATION_NUMBER, [^,]+, (\d+, \w+), NULL \}/g;
	for my $key (sort keys %limit) {
		my ($least, $most) = split /, /, $limit{$key} =~ s/INT_MAX/2147483647/r;
		like $conf, qr/^\.It Ic $key Ns = Ns (?:(?!^\.It ).)*?\b$least\s+to\s+$most\b/ms, "... the limits of $key";
	}
	my $sample = text('checkpw-mysql/checkpw-mysql.conf.sample');
	my %default = $settings =~ /^\t\.(\w+) = "?([\w\/.]+)"?,$/mg;
	for my $member (sort keys %default) {
		my $key = $member eq 'servers_list' ? 'servers' : $member =~ tr/_/-/r;
		my $value = $default{$member} eq 'NOBODY' ? 65_534 : $default{$member};
		like $sample, qr/^#\Q$key\E = \Q$value\E$/m, "the default of $key stands in the sample";
		like $conf, qr/^\.It Ic \Q$key\E Ns = Ns (?:(?!^\.It ).)*?The default is\s+(?:\.Pa )?\Q$value\E/ms, '... and in the manual';
	}
}

# The examples of poppasswd(5).
my ($example) = section($format, 'EXAMPLES') =~ /^\.Bd -literal\n(.*?)^\.Ed$/ms;
my %login_of = ($example // '') =~ /^([^:#\n]+):(.*)$/mg;
cmp_ok scalar keys %login_of, '>', 5, 'poppasswd(5) has examples';
for my $login (sort keys %login_of) {
	my $password = $login eq 'ann' ? 'a:b c' : 'secret';
	my $reason = $login eq 'bob' ? 'locked' : 'ok';
	is attempt(store => $example, message => "$login\0$password\0\0")->{line}{reason}, $reason,
	  "the example $login is as the text says";
}

done_testing;
