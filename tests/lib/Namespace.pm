# A mount namespace of a test's own, in which it may lay what it likes over /etc and /dev: the machine
# is not touched, and nothing is left when the test ends or dies.
package Namespace;

use strict;
use warnings;

use Exporter 'import';
use FindBin;
use Test::More;

our @EXPORT = qw(own_namespace mount_on must);

# Starts the test anew in a namespace of its own, or skips it. To be called before anything else.
sub own_namespace {
	# The variable names the namespace that must not be touched.
	my $namespace = readlink '/proc/self/ns/mnt' // plan skip_all => 'needs Linux namespaces';
	my $outer = delete $ENV{CHECKPW_OUTER_NAMESPACE};
	if (!defined $outer) {
		system('unshare --mount true 2>/dev/null') == 0 or plan skip_all => 'needs unshare --mount';
		local $ENV{CHECKPW_OUTER_NAMESPACE} = $namespace;
		exec 'unshare', '--mount', $^X, "$FindBin::Bin/$FindBin::Script" or die "unshare: $!";
	}
	die "still in the outer namespace\n" if $outer eq $namespace;
	return;
}

# Runs a command that has to succeed; what it says is shown only if it does not.
sub must {
	my (@command) = @_;
	open my $output, '-|', 'sh', '-c', 'exec "$@" 2>&1', 'sh', @command or die "sh: $!";
	my $said = do { local $/; <$output> } // '';
	close $output or die "@command: failed: $said\n";
	return;
}

my @mounted;
my $tester = $$;

# mount_on(WHERE, arguments of mount before it); taken away when the test ends.
sub mount_on {
	my ($where, @how) = @_;
	must('mount', @how, $where);
	unshift @mounted, $where;
	return;
}

END {
	my $status = $?;
	if ($$ == $tester) {
		system 'umount', '--lazy', $_ for @mounted;
	}
	$? = $status;
}

1;
