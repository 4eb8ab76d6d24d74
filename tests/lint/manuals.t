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

# Each program with the source of its own keys, and the text that explains all of its keys.
my @programs = (
	[ 'cmd5checkpw', 'common/userfile.c', section($manual, 'CONFIGURATION') ],
	[ 'checkpw-passwd', 'checkpw-passwd/system.c', section(text('checkpw-passwd/checkpw-passwd.conf.5'), 'DESCRIPTION') ],
);
my %keys;
for my $case (@programs) {
	my ($program, $own, $explained) = @$case;
	my %key;
	for my $source ('common/configuration.c', $own) {
		$key{$_} = 1 for names("keys of $source", text($source), qr/\{ "([^"]+)", CONFIGURATION_[A-Z]+,/);
	}
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
);
for my $program (sort keys %keys) {
	my $sample = text("$program/$program.conf.sample");
	my @named = $sample =~ /^#([a-z][a-z-]*) = /mg;
	is_deeply [ sort @named ], $keys{$program}, "$program: the sample names every key once";
	unlike $sample, qr/^[^#\n]/m, '... nothing in it is set';
	(my $set = $sample) =~ s/^#(?=[a-z][a-z-]* = )//mg;
	$set =~ s/^(?:log|file) = .*\n//mg;
	for my $case ([ 'it is accepted', $sample ], [ 'it is accepted with every key set', $set ]) {
		my ($name, $config) = @$case;
		my $got = attempt(%{ $login{$program} }, config => $config, program => [ checker($program) ]);
		like $got->{line}{reason} // '', $login{$program}{expected}, "... $name" or diag $got->{log};
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
